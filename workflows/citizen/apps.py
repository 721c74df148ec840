"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class CitizenConfig(AppConfig):
    """Pages of applicants; without models of its own."""

    name = "workflows.citizen"
    label = "citizen"
    verbose_name = "我的办件"
