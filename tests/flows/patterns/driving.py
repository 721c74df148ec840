"""How the authors' tests drive their cases: by Viewflow's own calls, sweeps and dispatchers only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils import timezone
from viewflow.workflow.flow.views import CancelProcessView
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS
from viewflow.workflow.timers import fire_due_conditions, fire_due_timers

#: What the applicant handed in: one firm.
APPLICANT = {"code": "91440300MA5FKAEH40", "name": "粤示例有限公司", "established": "2015-05-05"}

#: The authors' tests by flow class.
SCENARIOS: dict[type, list[Callable[[], None]]] = {}

_CLOSED = (STATUS.DONE, STATUS.CANCELED, STATUS.REVIVED, STATUS.ERROR)


def scenario(flow_class: type) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a function an author's test of a flow."""

    def keep(drive: Callable[[], None]) -> Callable[[], None]:
        SCENARIOS.setdefault(flow_class, []).append(drive)
        return drive

    return keep


def begin(flow_class: Any, **answers: Any) -> Any:
    """File a case of the applicant by code."""
    return flow_class.start.run(applicant=APPLICANT, **answers)


def waiting(process: Any, name: str) -> Task:
    """The oldest open task of a node.

    Raises:
        Task.DoesNotExist: the case does not wait there.
    """
    tasks = Task.objects.filter(process_id=process.pk, flow_task=getattr(process.flow_class, name))
    return tasks.exclude(status__in=_CLOSED).earliest("pk")


def last(process: Any, name: str) -> Task:
    """The newest task of a node, open or not."""
    return Task.objects.filter(process_id=process.pk, flow_task=getattr(process.flow_class, name)).latest("pk")


def do(process: Any, name: str, **answers: Any) -> None:
    """Finish a step from code."""
    task = waiting(process, name)
    task.flow_task.run(task, **answers)


def officer() -> Any:
    """Somebody who may do everything."""
    users = get_user_model().objects
    return users.filter(username="officer").first() or users.create_superuser("officer")


def sign(process: Any, name: str) -> None:
    """Finish an officer's step the way its page does."""
    with waiting(process, name).activation() as activation:
        if activation.task.status == STATUS.NEW:
            activation.assign(officer())
        activation.start(None)
        activation.execute()


def wait_out(process: Any, name: str) -> None:
    """Let the time of a timer come, and run the dispatcher."""
    task = waiting(process, name)
    Task.objects.filter(pk=task.pk).update(scheduled=timezone.now() - timedelta(minutes=1))
    fire_due_timers()


def sweep(flow_class: Any) -> int:
    """Run the dispatcher of conditions for one flow."""
    return int(fire_due_conditions(flows=[flow_class]))


def move(process: Any, name: str, transition: str) -> None:
    """Cancel, undo or revive the newest task of a node."""
    with last(process, name).activation() as activation:
        getattr(activation, transition)()


def withdraw(process: Any) -> None:
    """Cancel the whole case on Viewflow's page."""
    request = RequestFactory().post("/", {"_cancel_process": "1"})
    request.user = officer()
    CancelProcessView.as_view(flow_class=process.flow_class)(request, process_pk=process.pk)
