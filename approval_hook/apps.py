"""Django app of the credit gate."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ApprovalHookConfig(AppConfig):
    """Injects the configured gates at start-up and keeps the database triggers in place."""

    name = "approval_hook"
    verbose_name = "信用核查闸口"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register checks, inject into the flows named in settings, before URLs load."""
        from approval_hook import checks, triggers
        from approval_hook.hosts.viewflow.injection import inject_configured
        from approval_hook.hosts.viewflow.missing import show_missing_nodes

        checks.register_all()
        show_missing_nodes()
        inject_configured()
        post_migrate.connect(triggers.after_migrate, sender=self, dispatch_uid="approval_hook.triggers")
