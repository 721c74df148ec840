"""What ties one flow class to its gate: facts, case keys, protected nodes."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.module_loading import import_string
from viewflow.utils import get_containing_app_data
from viewflow.workflow.base import Edge, Flow, Node
from viewflow.workflow.status import STATUS

from approval_hook.conf import conf
from approval_hook.errors import ApprovalHookError, CaseInvalid
from approval_hook.gate import Case, case_of
from approval_hook.hosts.viewflow import graph
from approval_hook.logs import get_logger
from approval_hook.models import Point
from approval_hook.people import same_person
from approval_hook.policy.case import CaseFacts
from approval_hook.spec import Gate
from approval_hook.statements import by_key
from approval_hook.triggers import GATE_PREFIX

#: Statuses of a task of the host that nobody has begun.
WAITING = (STATUS.NEW, STATUS.ASSIGNED, STATUS.SCHEDULED)


@dataclass(frozen=True)
class Binding:
    """One injected flow."""

    flow_class: type[Flow]
    gate: Gate
    gate_nodes: dict[str, Point]  # inserted node name -> hook point
    originals: dict[str, type]  # node name -> its activation class before
    incoming: dict[str, list[Edge]]  # node name -> its incoming edges before

    @cached_property
    def flow_ref(self) -> str:
        """Stored reference of the flow."""
        return str(self.flow_class)

    def refs_of(self, names: Iterable[str]) -> list[str]:
        """Stored references of nodes by their names."""
        nodes = graph.nodes_of(self.flow_class)
        return [graph.node_ref(nodes[name]) for name in names]

    def protected_refs(self) -> list[str]:
        """Stored references of the protected nodes."""
        return self.refs_of(self.gate.protects)

    def guarded_refs(self) -> list[str]:
        """Those, and the references under which cases stored the same nodes before they were renamed."""
        old = [name for name, new in self.renamed().items() if new in self.gate.protects]
        return [*self.protected_refs(), *(f"{self.flow_ref}.{name}" for name in old)]

    def renamed(self) -> dict[str, str]:
        """Old name of a node -> its name now, as the settings say."""
        return {
            old: new
            for path, names in conf().renamed.items()
            if _imported(path) is self.flow_class
            for old, new in names.items()
        }

    def was(self) -> tuple[str, ...]:
        """Stored references of the flow from before it was moved, as the settings say."""
        return tuple(sorted(stored(old) for old, new in conf().moved.items() if _imported(new) is self.flow_class))

    def flow_refs(self) -> tuple[str, ...]:
        """Every reference under which rows name the flow; what is append-only keeps an older one."""
        return (self.flow_ref, *self.was())

    def guarded_alone(self) -> list[str]:
        """Protected nodes without a gate node before them: none is wanted, or behind SplitFirst none can stand."""
        if self.gate.inside:
            return list(self.gate.protects)
        nodes = graph.nodes_of(self.flow_class)
        raced = {f.name for n in nodes.values() if graph.is_split_first(n) for f in graph.successors(n)}
        return [name for name in self.gate.protects if name in raced]

    def refs_behind(self) -> list[str]:
        """Stored references of the nodes that no path reaches but through a protected one."""
        nodes = graph.nodes_of(self.flow_class)
        reached = {name for name, _ in graph.reach(self.flow_class, closed=set(self.gate.protects))}
        return [graph.node_ref(node) for name, node in nodes.items() if name not in reached]

    @cached_property
    def behind(self) -> frozenset[str]:
        """Names of the same."""
        return frozenset(ref.rpartition(".")[2] for ref in self.refs_behind())

    @cached_property
    def beside(self) -> dict[str, frozenset[str]]:
        """By protected node, the nodes behind it that go on while a case comes to it once more."""
        return {name: frozenset(self.behind & graph.beside(self.flow_class, name)) for name in self.gate.protects}

    def decision_stands(self, process_pk: int, name: str) -> bool:
        """Whether a case has a decision on which a node behind may go on: none that is being made again. One SELECT."""
        names, decided, again = self.renamed(), set(), set()
        tasks = self.flow_class.task_class._default_manager.filter(process_id=process_pk).order_by("pk")
        for ref, status in tasks.annotate(ref=Cast("flow_task", CharField())).values_list("ref", "status"):
            node = str(ref).rpartition(".")[2]
            if node.startswith(GATE_PREFIX):
                if status == STATUS.STARTED:
                    again.add(node.removeprefix(GATE_PREFIX))
                continue
            node = names.get(node, node)
            if status in (STATUS.STARTED, STATUS.DONE):
                decided.add(node)
                again.discard(node)
            elif status in WAITING:
                again.add(node)
        return any(node in decided and (node not in again or name in self.beside[node]) for node in self.gate.protects)

    def progress(self, process_pk: int) -> tuple[bool, bool, bool]:
        """Whether a gate of a case is parked, its decision is taken, and its licence is issued. One query."""
        tasks = self.flow_class.task_class._default_manager.filter(process_id=process_pk)
        parked = tasks.filter(flow_task__in=self.gate_refs(), status=STATUS.STARTED)
        behind = [*self.protected_refs(), *self.issue_refs()]
        found = parked | tasks.filter(flow_task__in=behind, status=STATUS.DONE)
        steps = set(found.values_list("flow_task", "status"))
        done = {node.name for node, status in steps if node is not None and status == STATUS.DONE}
        return (
            any(status == STATUS.STARTED for _, status in steps),
            bool(self.gate.protects) and done.issuperset(self.gate.protects),
            not done.isdisjoint(self.gate.issues),
        )

    def refs(self) -> tuple[str, ...]:
        """Stored references of every node that the flow has."""
        return tuple(sorted(graph.node_ref(node) for node in graph.nodes_of(self.flow_class).values()))

    def issue_refs(self) -> list[str]:
        """Stored references of the nodes that issue the licence."""
        return self.refs_of(self.gate.issues)

    def gate_refs(self) -> list[str]:
        """Stored references of the inserted gate nodes."""
        return [ref for ref, _ in self.gates_by_ref()]

    def gates_by_ref(self) -> list[tuple[str, Point]]:
        """The same with the hook point of each."""
        nodes = graph.nodes_of(self.flow_class)
        return [(graph.node_ref(nodes[name]), point) for name, point in self.gate_nodes.items()]

    def point_of(self, node: Node) -> Point:
        """Hook point of a gate node, or of a protected node."""
        return self.gate_nodes.get(node.name, Point.DECISION)

    def host_key(self, process_pk: int) -> str:
        """Key of a case in the evidence: the table that holds the process, and its number."""
        return f"{process_table(self.flow_class)}:{process_pk}"

    def task_key(self, task_pk: int) -> str:
        """Key of a task in the evidence."""
        return f"{task_table(self.flow_class)}:{task_pk}"

    def fresh_process(self, process_pk: int) -> Any:
        """The process as it is in the database now; an activation keeps an older copy."""
        process = by_key(self.flow_class.process_class)(process_pk)
        if process is None:
            raise self.flow_class.process_class.DoesNotExist(process_pk)
        return process

    def case(self, process_pk: int, at: datetime | None = None) -> Case:
        """The case as its facts stand now.

        Raises:
            CaseInvalid: the facts cannot be used.
        """
        return self.case_from(self.fresh_process(process_pk), at)

    def case_from(self, process: Any, at: datetime | None = None) -> Case:
        """The case of a process that the caller has just read from the database.

        Raises:
            CaseInvalid: the facts cannot be used.
        """
        return case_of(
            self.host_key(process.pk),
            self.flow_ref,
            self.gate.matter,
            self._facts(process),
            at,
            observed=self.gate.observes,
        )

    def _facts(self, process: Any) -> CaseFacts:
        """The host's facts; whatever its mapping throws becomes a remedy instead of a crash."""
        try:
            return self.gate.facts(process)
        except ApprovalHookError:
            raise
        except Exception as error:  # noqa: BLE001 - host code; only its place is logged, never its values
            frame = traceback.extract_tb(error.__traceback__)[-1]
            get_logger().error(
                "facts failed",
                case=self.host_key(process.pk),
                error=type(error).__name__,
                place=f"{Path(frame.filename).name}:{frame.lineno}",
            )
            text = f"办件事实读取出错（{type(error).__name__}）。"
            raise CaseInvalid("办件事实", text, "请联系系统管理员检查事实映射。") from None


#: Every injected flow; ``injection`` puts them in and takes them out.
injected: dict[type[Flow], Binding] = {}


def _imported(path: str) -> Any:
    """What a dotted path names, or None; a start-up check reports a path that names nothing."""
    try:
        return import_string(path)
    except ImportError:
        return None


def stored(path: str) -> str:
    """A dotted path of a flow as Viewflow stores it; whatever is no path in an installed application as it is."""
    label, package = get_containing_app_data(path)
    return f"{label}/{path[len(package) + 1 :]}" if label is not None and "/" not in path else path


def guarded_columns(flow_class: type[Flow]) -> tuple[str, str, str, str, str, str]:
    """Task table, its key, its column of the process, table of that, table that holds the flow of a case, its key."""
    holder = flow_holder(flow_class)._meta
    task, column, process = task_table(flow_class), process_column(flow_class), process_table(flow_class)
    key = str(flow_class.task_class._meta.get_field("status").model._meta.pk.column)
    return task, key, column, process, str(holder.db_table), str(holder.pk.column)


def handled_by(tasks: Any, user: Any) -> bool:
    """Whether one of these tasks is or was the user's, however the name of the account is spelled."""
    username = f"owner__{get_user_model().USERNAME_FIELD}"
    owners = tasks.exclude(owner=None).order_by().values_list(username, flat=True).distinct()
    return any(same_person(str(owner), user.get_username()) for owner in owners)


def flow_holder(flow_class: type[Flow]) -> Any:
    """The model whose table says which flow a case belongs to."""
    process = flow_class.task_class._meta.get_field("process").related_model
    return process._meta.get_field("flow_class").model


def task_table(flow_class: type[Flow]) -> str:
    """Table that holds status and node of the flow's tasks, also when the task class extends it."""
    return str(flow_class.task_class._meta.get_field("status").model._meta.db_table)


def process_column(flow_class: type[Flow]) -> str:
    """Column of the task table that names the process."""
    return str(flow_class.task_class._meta.get_field("process").column)


def process_table(flow_class: type[Flow]) -> str:
    """Table that the task's process number refers to."""
    return str(flow_class.task_class._meta.get_field("process").related_model._meta.db_table)
