"""Django app of the flow of the rehearsal."""

from django.apps import AppConfig


class RehearsalConfig(AppConfig):
    """So that Viewflow can refer to the flow by app label."""

    name = "tests.rehearsal"
    label = "rehearsal"
