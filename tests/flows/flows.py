"""Flows as somebody else would have written them; none knows of credit.

``ran`` collects the side effects of automatic nodes, so that tests see what really executed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.flow import views
from viewflow.workflow.lock import CacheLock, select_for_update_lock

ran: list[str] = []


def start_with(activation: Any, data: dict[str, Any] | None = None) -> Any:
    """Start a process with its data."""
    activation.process.data = dict(data or {})
    return activation.process


def note(name: str) -> Any:
    """A function body that leaves a trace."""

    def body(activation: Any) -> None:
        ran.append(f"{name}:{activation.process.pk}")

    return body


class LinearFlow(flow.Flow):
    """start, accept, decide (function), end."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.accept)
    accept = flow.Handle().Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class HumanFlow(flow.Flow):
    """start (page), review (page), decide (page), deliver (function), end."""

    lock_impl = select_for_update_lock
    start = flow.Start(views.CreateProcessView.as_view(fields=[])).Next(this.review)
    start_by_code = flow.StartHandle(start_with).Next(this.review)
    review = flow.View(views.UpdateProcessView.as_view(fields=[])).Next(this.decide)
    decide = flow.View(views.UpdateProcessView.as_view(fields=[])).Next(this.deliver)
    deliver = flow.Function(note("deliver")).Next(this.end)
    end = flow.End()


class ChoiceFlow(flow.Flow):
    """The decision is an If gateway, whose condition must not run while the case is held."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.work)
    work = flow.Handle().Next(this.decide)
    decide = (
        flow.If(lambda activation: not ran.append(f"condition:{activation.process.pk}")).Then(this.yes).Else(this.no)
    )
    yes = flow.Function(note("yes")).Next(this.end)
    no = flow.Function(note("no")).Next(this.end)
    end = flow.End()


class BoundaryFlow(flow.Flow):
    """A timer boundary on the review jumps straight to the decision."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.review)
    review = flow.Handle().OnTimeout(timedelta(days=3), this.decide).Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


def fail(activation: Any) -> None:
    """A step of the author that does not succeed."""
    raise RuntimeError("the register is down")


class CaughtFlow(flow.Flow):
    """A step that fails is caught by a boundary that leads to the decision."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.look_up)
    look_up = flow.Function(fail).OnError(this.decide).Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class LoopFlow(flow.Flow):
    """A review that may send the case back."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.review)
    review = flow.Handle().Next(this.again)
    again = flow.If(lambda a: bool(a.process.data.get("again"))).Then(this.review).Else(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class ReturnFlow(flow.Flow):
    """A decision that may send the case back to the review."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.review)
    review = flow.View(views.UpdateProcessView.as_view(fields=[])).Next(this.decide)
    decide = flow.View(views.UpdateProcessView.as_view(fields=[])).Next(this.again)
    again = flow.If(lambda a: bool(a.process.data.get("again"))).Then(this.review).Else(this.deliver)
    deliver = flow.Function(note("deliver")).Next(this.end)
    end = flow.End()


class RenewFlow(flow.Flow):
    """While a decision is delivered the next one is prepared."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.review)
    review = flow.Handle().Next(this.decide)
    decide = flow.Handle().Next(this.split)
    split = flow.Split().Always(this.deliver).Always(this.review)
    deliver = flow.Handle().Next(this.end)
    end = flow.End()


class ParallelFlow(flow.Flow):
    """Split and join before the decision."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.split)
    split = flow.Split().Always(this.left).Always(this.right)
    left = flow.Handle().Next(this.join)
    right = flow.Handle().Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class FirstWinsFlow(flow.Flow):
    """The first finished branch cancels the other."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.split)
    split = flow.SplitFirst().Always(this.decide).Always(this.wait)
    decide = flow.Handle().Next(this.end)
    wait = flow.Handle().Next(this.end)
    end = flow.End()


class CompensatingFlow(flow.Flow):
    """A compensation handler undoes a booking."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.book)
    book = flow.Function(note("book")).CompensateWith(this.unbook).Next(this.decide)
    unbook = flow.Function(note("unbook"))
    decide = flow.Function(note("decide")).Next(this.compensate)
    compensate = flow.CompensateThrow().Next(this.end)
    end = flow.End()


class ParentFlow(flow.Flow):
    """Starts a child flow by its start handle."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.spawn)
    spawn = flow.Function(this.spawn_child).Next(this.end)
    end = flow.End()

    def spawn_child(self, activation: Any) -> None:
        """Start the child with this task as its parent."""
        LinearFlow.start.run(data=activation.process.data, _parent_task=activation.task)


class RaisingFlow(flow.Flow):
    """The step after the gate fails with personal data in its locals' reach."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class CacheLockedFlow(flow.Flow):
    """Locks through the cache, which is still held when ``on_commit`` fires."""

    lock_impl = CacheLock(attempts=1)
    start = flow.StartHandle(start_with).Next(this.work)
    work = flow.Handle().Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class UnlockedFlow(flow.Flow):
    """Keeps Viewflow's default lock, which is none."""

    start = flow.StartHandle(start_with).Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()


class PlainFlow(flow.Flow):
    """Never injected: the peer of the gated flows in comparisons."""

    lock_impl = select_for_update_lock
    start = flow.StartHandle(start_with).Next(this.accept)
    accept = flow.Handle().Next(this.decide)
    decide = flow.Function(note("decide")).Next(this.end)
    end = flow.End()
