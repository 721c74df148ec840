"""Viewflow's address engine with every list it brings replaced by the organ-scoped ones."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import RedirectView
from viewflow.workflow.flow import FlowViewset, WorkflowAppViewset
from viewflow.workflow.flow.views import FlowChartView
from viewflow.workflow.status import STATUS


class ToWorklist(RedirectView):
    """Leads to the list of open work; Viewflow's own lists know no organ."""

    pattern_name = "clerk:worklist"

    def get_redirect_url(self, *_args: Any, **_kwargs: Any) -> str:
        """Give the address of the list, whatever the page it replaces was about."""
        return reverse("clerk:worklist")


class ToCase(RedirectView):
    """Leads to the case page."""

    def get_redirect_url(self, *_args: Any, **kwargs: Any) -> str:
        """Give the address of the case page."""
        return reverse("clerk:case", args=[kwargs["process_pk"]])


class ChartImage(FlowChartView):
    """The chart as an image; its drawing program writes styles inline, which only this image may."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Draw the chart and confine it."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        if response.headers.get("Content-Type") == "image/svg+xml":
            # The engine labels the branches of a choice in English whatever the language.
            for label, text in (("yes", _("是")), ("no", _("否"))):
                drawn = re.compile(rf"(<text[^>]*>\s*){label}(\s*</text>)")
                response.content = drawn.sub(rf"\g<1>{text}\g<2>", response.content.decode()).encode()
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        return response


class LicensingFlowViewset(FlowViewset):
    """The steps of one licensing flow."""

    dashboard_view_class = ToWorklist
    process_list_view_class = ToWorklist
    task_list_view_class = ToWorklist
    process_detail_view_class = ToCase
    chart_view_class = ChartImage

    def get_success_url(self, request: HttpRequest) -> str:
        """Go on to the form of a task just claimed, else back to the case."""
        activation = request.activation  # type: ignore[attr-defined] # set by Viewflow
        task = activation.task
        if task.status == STATUS.ASSIGNED and task.owner_id == request.user.pk:
            return str(task.reverse("execute"))
        return reverse("clerk:case", args=[task.process_id])


class LicensingViewset(WorkflowAppViewset):
    """All licensing flows under one address."""

    app_name = "licensing"
    title = "行政许可"
    inbox_view_class = ToWorklist
    queue_view_class = ToWorklist
    archive_view_class = ToWorklist
    tasks_assign_view_class = ToWorklist
    tasks_unassign_view_class = ToWorklist
