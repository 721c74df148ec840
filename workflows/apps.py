"""Application configuration: labels and the officers' groups."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class WorkflowsConfig(AppConfig):
    """The licensing flows, their data and pages."""

    name = "workflows"
    label = "workflows"
    verbose_name = "行政许可办理"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep groups and their permissions in step with every migration, and notices from change."""
        from approval_hook import signals, triggers
        from workflows import telling
        from workflows.groups import ensure_groups
        from workflows.notices.checks import check_address, check_notices
        from workflows.notices.models import Notice, NoticePrint

        post_migrate.connect(ensure_groups, dispatch_uid="workflows.ensure_groups")
        signals.deadline_reached.connect(telling.on_deadline, dispatch_uid="workflows.telling")
        signals.promise_reached.connect(telling.on_promise, dispatch_uid="workflows.telling")
        checks.register(check_notices)
        checks.register(check_address, deploy=True)
        for model in (Notice, NoticePrint):
            triggers.adopt(model)
