"""Makes templates, styles and English texts of the policy desk available."""

from __future__ import annotations

from django.apps import AppConfig


class PolicyDeskConfig(AppConfig):
    """The policy desk; it has no models of its own."""

    name = "workflows.policydesk"
    label = "policydesk"
    verbose_name = "规则工作台"
