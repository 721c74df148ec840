"""What both licensing flows share: the lock, the decision step and how steps are undone."""

from __future__ import annotations

from typing import Any

from viewflow.workflow import flow
from viewflow.workflow.flow.views import UndoTaskView
from viewflow.workflow.lock import SelectForUpdateLock

from approval_hook.people import same_person
from approval_hook.policy.clocks import Act
from workflows import acts
from workflows.filing import Filing, Intake
from workflows.models import LicenceCase, Result
from workflows.notices.automatic import after_filing

#: One lock for both databases. PostgreSQL locks the row of the case, so two officers wait for
#: each other only on the same case; they wait (``nowait=False``, bounded by ``lock_timeout``)
#: because a retry inside an outer transaction cannot succeed after an error. SQLite ignores the
#: row lock, and needs none: its transactions begin IMMEDIATE, which admits one writer at a time.
case_lock = SelectForUpdateLock(nowait=False, attempts=1)


class UndoView(UndoTaskView):
    """Taking a step back, by a manager whose name stands with what is taken back."""

    def form_valid(self, *args: Any, **kwargs: Any) -> Any:
        """Keep who it is beside the step."""
        self.request.activation.undone_by = self.request.user.get_username()
        return super().form_valid(*args, **kwargs)


class Step(flow.View):
    """A step by hand."""

    undo_view_class = UndoView


class DecisionTask(Step):
    """A step that the officer who accepted the case may neither claim nor carry out."""

    def can_assign(self, user: Any, task: Any) -> bool:
        """Whether the user may claim the task."""
        return super().can_assign(user, task) and self._is_second_person(user, task)

    def can_execute(self, user: Any, task: Any) -> bool:
        """Whether the user may carry the task out, also when it was assigned by somebody else."""
        if not super().can_execute(user, task) or not self._is_second_person(user, task):
            return False
        first = task.process.coerced.accepted_by
        return first is None or not same_person(first.get_username(), user.get_username())

    def _is_second_person(self, user: Any, task: Any) -> bool:
        return bool(user.pk != task.process.coerced.accepted_by_id)


def receive(activation: Any, *, intake: Intake, filing: Filing) -> LicenceCase:
    """Fill the new case from a checked application, and give the receipt the system owes at once."""
    case: Any = intake.save_to(activation.process, filing)
    acts.register(case, Act.RECEIVED, None, at=filing.filed_at)
    after_filing(case, None)
    return case


def is_granted(activation: Any) -> bool:
    """Whether the decision was to grant, read again from the database under the flow lock."""
    process = activation.process
    process.refresh_from_db(fields=["decision"])
    return bool(process.decision == Result.GRANTED)


def undo_accept(activation: Any) -> None:
    """Take the acceptance back."""
    _take_back(activation, Act.ACCEPTED)
    _clear(activation.process, accepted_at=None, accepted_by=None, supply_until=None)


def undo_review(activation: Any) -> None:
    """Take the opinion back."""
    _clear(activation.process, reviewed_at=None, review_opinion="")


def undo_decide(activation: Any) -> None:
    """Take the decision back before it is delivered."""
    _take_back(activation, Act.DECIDED)
    _clear(activation.process, decision="", decision_reason="", decided_at=None, decided_by=None)


def undo_deliver(activation: Any) -> None:
    """Take the delivery back."""
    _take_back(activation, Act.DELIVERED)
    _clear(activation.process, delivered_at=None, delivery_note="")


def _take_back(activation: Any, act: Act) -> None:
    acts.take_back(activation.process, act, getattr(activation, "undone_by", ""))


def _clear(process: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(process, name, value)
    process.save(update_fields=list(values))
