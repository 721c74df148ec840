"""The visible gate node: a wait state that parks, commits, asks and resumes."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.activation import Activation, has_manage_permission
from viewflow.workflow.base import Node
from viewflow.workflow.context import Context
from viewflow.workflow.flow import mixins as page_mixins
from viewflow.workflow.flow import views
from viewflow.workflow.models import AbstractTask
from viewflow.workflow.nodes import mixins
from viewflow.workflow.signals import task_finished
from viewflow.workflow.status import STATUS

from approval_hook import clock
from approval_hook.columns import new
from approval_hook.models import Point
from approval_hook.statements import insert, save, save_whole


def _may_pass(activation: CreditGateActivation) -> bool:
    return activation.may_pass()


class CreditGateActivation(mixins.NextNodeActivationMixin, Activation):
    """Completes only on a valid record; otherwise its STARTED row is the durable debt."""

    passes: bool = False
    #: Name of the owner of the task before, where this run made the task and so knows it.
    asker: str | None = None
    #: The flow lock under which this run found no valid record; nothing of the case changes while it is held.
    _parked_in: object | None = None

    @classmethod
    def create(
        cls, flow_task: Node, prev_activation: Activation, token: Any, data: Any = None, seed: Any = None
    ) -> CreditGateActivation:
        """Make the task, and remember who moved the case here."""
        task_class = flow_task.flow_class.task_class
        if saves_plainly(task_class):
            activation = cls(made(task_class, flow_task, prev_activation, token, data, seed))
        else:
            activation = super().create(flow_task, prev_activation, token, data, seed)
        activation.asker = mover_of(prev_activation)
        return activation

    def may_pass(self) -> bool:
        """Whether a valid record lets this task complete; reads it unless this run just did."""
        if self.passes:
            return True
        from approval_hook.hosts.viewflow import graph
        from approval_hook.hosts.viewflow.attending import gate_passes

        if self._parked_in is not None and self._parked_in is graph.lock_scope_token():
            return False
        return gate_passes(self)

    @Activation.status.transition(source=STATUS.NEW, target=STATUS.STARTED)
    def activate(self) -> None:
        """Pass at once on a valid record, or park and ask after the commit.

        Raises:
            CaseInvalid: the facts of the case are unusable; the host's transaction rolls back.
        """
        from approval_hook.hosts.viewflow import attending, graph

        self.task.started = clock.now()
        self.passes = attending.pass_or_park(self)
        if not self.passes:
            self._parked_in = graph.lock_scope_token()
            _save(self.task, "status", "started")

    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.DONE, conditions=[_may_pass])
    def complete(self) -> None:
        """Finish the task."""
        self.task.finished = clock.now()
        _save(self.task, "status", "started", "finished")
        task_finished.send(sender=self.flow_class, process=self.process, task=self.task)

    @Activation.status.transition(source=STATUS.STARTED, conditions=[_may_pass])
    def execute(self) -> None:
        """Finish the task and go on; a failure downstream is recorded there, as after any background job."""
        self.complete()
        with Context(propagate_exception=False):
            self.activate_next()

    @Activation.status.transition(
        source=[STATUS.NEW, STATUS.STARTED], target=STATUS.CANCELED, permission=has_manage_permission
    )
    def cancel(self) -> None:
        """A parked or held gate can always be cancelled, so that a case can be withdrawn."""
        from approval_hook.hosts.viewflow.holding import release_hold

        self.task.finished = clock.now()
        self.task.save()
        release_hold(self)


def saves_plainly(task_class: Any) -> bool:
    """True for tasks in one table that are saved as Viewflow's own: what is said of them can be compiled once."""
    return (
        task_class.save is AbstractTask.save
        and task_class.save_base is Model.save_base
        and _stored_plainly(task_class)
        and not (m2m_changed.receivers and m2m_changed.has_listeners(task_class.previous.through))
    )


@cache
def _stored_plainly(task_class: Any) -> bool:
    """True for tasks in one table whose columns all come from the row, with a history that is a relation of its own."""
    meta = task_class._meta
    from_the_row = all(not field.generated and not field.has_db_default() for field in meta.concrete_fields)
    by_django = all(getattr(task_class, name) is getattr(Model, name) for name in ("_save_table", "_do_update"))
    in_one_table = not meta.parents and not meta.select_on_save
    return from_the_row and by_django and in_one_table and bool(task_class.previous.through._meta.auto_created)


def made(
    task_class: Any, flow_task: Any, prev_activation: Activation, token: Any, data: Any = None, seed: Any = None
) -> Any:
    """A new task with its place in the history, as ``Activation.create`` makes it."""
    task = task_class(process=prev_activation.process, flow_task=flow_task, token=token)
    if not task.flow_task_type:
        task.flow_task_type = flow_task.task_type
    task.data = data if data is not None else {}
    task.seed = seed
    previous = task_class._meta.get_field("previous")
    with transaction.mark_for_rollback_on_error(router.db_for_write(task_class, instance=task)):
        insert(task)
        link = {previous.m2m_field_name(): task, previous.m2m_reverse_field_name(): prev_activation.task}
        insert(new(task_class.previous.through, **link), signals=False)
    return task


def finish(activation: Activation) -> None:
    """Complete a task as ``Activation.complete`` does, inside a transaction."""
    task = activation.task
    task.finished = timezone.now()
    if not task.flow_task_type:
        task.flow_task_type = activation.flow_task.task_type
    with transaction.mark_for_rollback_on_error(router.db_for_write(type(task), instance=task)):
        save_whole(task)
    task_finished.send(sender=activation.flow_class, process=activation.process, task=task)


def _save(task: Any, *fields: str) -> None:
    if saves_plainly(type(task)):
        save(task, fields)
    else:
        task.save(update_fields=fields)


def mover_of(activation: Activation) -> str:
    """Who moved a case out of a task: its owner, else the system."""
    owner = activation.task.owner
    return str(owner.get_username()) if owner is not None else "system"


class CreditGate(
    mixins.NextNodeMixin,
    page_mixins.NodeDetailMixin,
    page_mixins.NodeCancelMixin,
    page_mixins.NodeUndoMixin,
    page_mixins.NodeReviveMixin,
    Node,
):
    """The credit check as a node: it shows on the chart, in the history and in the BPMN export."""

    activation_class = CreditGateActivation
    task_type = "JOB"  # so that Viewflow's "continue" leads a clerk to a case that is being checked
    bpmn_element = "businessRuleTask"

    index_view_class = views.IndexTaskView
    detail_view_class = views.DetailTaskView
    cancel_view_class = views.CancelTaskView
    undo_view_class = views.UndoTaskView
    revive_view_class = views.ReviveTaskView

    shape = {
        "width": 150,
        "height": 100,
        "text-align": "middle",
        "svg": """
            <rect class="task" width="150" height="100" rx="5" ry="5"/>
            <path d="M 14 8 l 9 3 v 7 c 0 6 -4 9 -9 11 c -5 -2 -9 -5 -9 -11 v -7 z"
                  fill="none" stroke="rgb(20, 83, 154)" stroke-width="1.5"/>
            <path d="M 10 18 l 3 3 l 6 -7" fill="none" stroke="rgb(20, 83, 154)" stroke-width="1.5"/>
        """,
    }

    def __init__(self, point: Point, **kwargs: Any) -> None:
        """Make a gate for one hook point."""
        super().__init__(**kwargs)
        self.point = point
        self.task_title = _("信用核查（受理前）") if point is Point.ACCEPTANCE else _("信用核查（决定前）")


def on_commit_unlocked(callback: Any) -> None:
    """Run after the outermost commit and once no flow lock is held."""
    from approval_hook.hosts.viewflow import graph

    transaction.on_commit(lambda: graph.after_lock_released(callback))
