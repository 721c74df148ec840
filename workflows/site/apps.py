"""Makes the management commands of the application available."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The runnable site; it has no models."""

    name = "workflows.site"
    label = "workflows_site"
    verbose_name = "站点"

    def ready(self) -> None:
        """Write every log line of the program structured and masked."""
        from approval_hook import logs

        logs.configure()
