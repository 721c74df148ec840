"""Django app of the benchmark flows."""

from django.apps import AppConfig


class BenchmarkFlowsConfig(AppConfig):
    """So that Viewflow can refer to the flows by app label."""

    name = "tests.benchmarks"
    label = "benchflows"
