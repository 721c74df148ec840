"""Django app of the test flows."""

from django.apps import AppConfig


class TestFlowsConfig(AppConfig):
    """So that Viewflow can refer to the flows by app label."""

    name = "tests.flows"
    label = "testflows"
