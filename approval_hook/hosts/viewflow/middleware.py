"""Pages for a case that is held or whose facts cannot be used, instead of a bare 403 or 500.

Add ``approval_hook.hosts.viewflow.middleware.HeldCaseMiddleware`` to ``MIDDLEWARE``, after
authentication. The host's templates ``approval_hook/held.html`` and ``approval_hook/invalid.html``
override ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from viewflow.fsm.base import TransitionConditionsUnmet

from approval_hook.errors import CaseInvalid, ConfigurationError, MatterNotConfigured, RulesInvalid
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.attending import Attended, attend
from approval_hook.hosts.viewflow.guard import CHANGED, credit_permits
from approval_hook.hosts.viewflow.injection import bindings
from approval_hook.logs import get_logger


class HeldCaseMiddleware:
    """Answers with a page: 409 for a held step, 422 for unusable facts, 503 for an unsound rule file."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Refuse a task under another node's or case's address: Viewflow goes by that node's rules, that case's lock.

        Raises:
            Http404: the task in the address belongs to another node or case than the address names.
        """
        match = request.resolver_match
        task_pk = kwargs.get("task_pk")
        if match is None or task_pk is None or not match.namespaces:
            return
        for binding in bindings():
            node = graph.nodes_of(binding.flow_class).get(match.namespaces[-1])
            if node is None:
                continue
            tasks = binding.flow_class.task_class._default_manager.select_related("process")
            task = tasks.filter(pk=task_pk).first()
            if task is None or task.process.flow_class is not binding.flow_class:
                continue
            if task.flow_task is not node or task.process_id != kwargs.get("process_pk", task.process_id):
                raise Http404("No task matches the given query.")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn the gate's refusals into pages; every other exception goes its way."""
        if isinstance(exception, CaseInvalid):
            context = {"error": exception, "not_configured": isinstance(exception, MatterNotConfigured)}
            return render(request, "approval_hook/invalid.html", context, status=422)
        if isinstance(exception, RulesInvalid):
            error = CaseInvalid("规则文件", f"{exception}。", "规则文件更正前不能核查，请联系系统管理员。")
            return self._misconfigured(request, error)
        if isinstance(exception, ConfigurationError):
            get_logger().error("misconfigured", alarm=True, text=str(exception))
            error = CaseInvalid("系统设置", "系统设置有误，不能核查。", "请联系系统管理员查看日志。")
            return self._misconfigured(request, error)
        cause = exception.__context__ if isinstance(exception, PermissionDenied) else exception
        if isinstance(cause, TransitionConditionsUnmet) and cause.failed_condition is credit_permits:
            return self._held(request, cause)
        return None

    def _misconfigured(self, request: HttpRequest, error: CaseInvalid) -> HttpResponse:
        context = {"error": error, "misconfigured": True}
        return render(request, "approval_hook/invalid.html", context, status=503)

    def _held(self, request: HttpRequest, cause: TransitionConditionsUnmet) -> HttpResponse:
        activation = getattr(request, "activation", None)
        again, changed = False, cause.unmet_message == CHANGED
        if activation is not None and not changed:
            # The refused transaction is gone; what was missing can be asked for now.
            passed = attend(activation.flow_class, activation.task.pk) is Attended.PASSED
            again = passed and bool(credit_permits(activation))
            if again and request.method == "GET":
                return HttpResponseRedirect(request.get_full_path())
        context = {"reason": cause.unmet_message, "activation": activation, "try_again": again, "changed": changed}
        return render(request, "approval_hook/held.html", context, status=409)
