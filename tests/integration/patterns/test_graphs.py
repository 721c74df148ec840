"""The flows are pairwise different; the gate goes in once, comes out without a trace, or says why not."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from viewflow import this
from viewflow.workflow import flow

from approval_hook import Gate
from approval_hook.checks import check_flows
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow import graph, inject, prove
from approval_hook.hosts.viewflow.injection import eject, find_binding
from tests.flows.facts import facts_of
from tests.flows.patterns.bases import RetailFlow, TobaccoFlow
from tests.flows.patterns.basic import SequenceFlow
from tests.flows.patterns.ending import CompensationFlow
from tests.flows.patterns.state import DeferredChoiceFlow, DeferredPageFlow
from tests.flows.patterns.triggers import TimeoutFlow
from tests.integration.patterns.hooks import FLOWS, gate_of
from tests.integration.patterns.structure import canonical, dump, form

TABLE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "patterns.md"


def test_graphs_are_pairwise_different() -> None:
    """No two flows have the same structure, whatever their names and titles."""
    alike = defaultdict(list)
    for flow_class in FLOWS:
        alike[canonical(flow_class)].append(flow_class.__name__)
    assert [names for names in alike.values() if len(names) > 1] == []


def test_form_sees_structure_and_nothing_else() -> None:
    """Other names give the same form; another edge, another kind of edge or of node give other forms."""
    kinds = {"start": "StartHandle", "work": "Handle", "end": "End"}
    edges = [("start", "next", "work"), ("work", "next", "end")]
    renamed = {"begin": "StartHandle", "task": "Handle", "finish": "End"}
    assert form(kinds, edges) == form(renamed, [("begin", "next", "task"), ("task", "next", "finish")])
    others = [
        form(kinds, [*edges, ("work", "next", "work")]),
        form(kinds, [("start", "next", "work"), ("work", "boundary", "end")]),
        form({**kinds, "work": "View"}, edges),
    ]
    assert len({form(kinds, edges), *others}) == 4


@pytest.mark.parametrize("flow_class", FLOWS, ids=lambda f: f.__name__)
def test_injection_is_idempotent_and_reversible(flow_class: Any) -> None:
    """An equal gate again changes nothing; taken out, every edge, node and activation class is as before."""
    before = dump(flow_class)
    binding = inject(flow_class, gate_of(flow_class))
    try:
        gated = dump(flow_class)
        assert gated != before
        assert inject(flow_class, gate_of(flow_class)) is binding
        assert dump(flow_class) == gated
    finally:
        eject(flow_class)
    assert dump(flow_class) == before


@pytest.mark.parametrize("flow_class", FLOWS, ids=lambda f: f.__name__)
def test_gate_stands_before_every_hook_point(flow_class: Any) -> None:
    """Every hook point has its gate node, and no way leads around it; behind SplitFirst the guard stands alone."""
    gate = gate_of(flow_class)
    nodes = graph.nodes_of(flow_class)
    alone = {
        name
        for name in (*gate.protects, *gate.accepts)
        if any(graph.is_split_first(n) and nodes[name] in graph.successors(n) for n in nodes.values())
    }
    binding = inject(flow_class, gate)
    try:
        expected = {f"credit_before_{name}" for name in (*gate.protects, *gate.accepts)} - {
            f"credit_before_{name}" for name in alone
        }
        assert set(binding.gate_nodes) == expected
        assert set(prove(flow_class).gaps) == alone
    finally:
        eject(flow_class)
    assert alone == ({"decide"} if flow_class in (DeferredChoiceFlow, DeferredPageFlow) else set())


@pytest.mark.parametrize(
    ("flow_class", "protects", "accepts", "words"),
    [
        (SequenceFlow, ("nowhere",), (), "no node nowhere"),
        (SequenceFlow, (), (), "protects no node"),
        (SequenceFlow, ("start",), (), "starts the process"),
        (SequenceFlow, ("decide",), ("decide",), "acceptance and decision"),
        (TimeoutFlow, ("review__timeout",), (), "boundary event"),
        (CompensationFlow, ("release",), (), "cannot be placed before release"),
        (CompensationFlow, ("decide", "release"), ("reserve",), "cannot be placed before release"),
        (DeferredChoiceFlow, ("issue",), ("decide",), "behind the first-wins split"),
    ],
)
def test_hook_point_that_cannot_be_placed_is_loud(
    flow_class: Any, protects: tuple[str, ...], accepts: tuple[str, ...], words: str
) -> None:
    """The error names the place, and the flow is left as it was, also where another gate node stood already."""
    before = dump(flow_class)
    with pytest.raises(ConfigurationError, match=words):
        inject(flow_class, Gate("food-business", facts_of, protects, accepts))
    assert dump(flow_class) == before
    assert find_binding(flow_class) is None


def test_subclass_that_leads_into_its_concrete_base_is_refused() -> None:
    """Its cases would reach the decision of the base, where the gate of the subclass is not."""
    links = graph.incoming_of(SequenceFlow)

    class HalfFlow(SequenceFlow):
        __module__ = SequenceFlow.__module__
        start = flow.StartHandle().Next(this.accept)
        urgent = flow.StartHandle().Next(this.decide)

    graph.restore_incoming(SequenceFlow, links)  # Viewflow overwrites them with the subclass's edges
    before = dump(HalfFlow)
    with pytest.raises(ConfigurationError, match="cases come to decide of SequenceFlow"):
        inject(HalfFlow, Gate("food-business", facts_of, ("decide",)))
    assert dump(HalfFlow) == before


def test_boundary_event_of_a_subclass_is_led_through_the_gate_of_its_base() -> None:
    """Viewflow arms it in the base's cases, too: it must not jump past the gate, nor past the proof."""
    event = TobaccoFlow.review__timeout
    target, event._next = event._next, RetailFlow.decide
    try:
        inject(RetailFlow, gate_of(RetailFlow))
        try:
            assert event._next is RetailFlow.credit_before_decide
            assert prove(RetailFlow).covered
            event._next = RetailFlow.decide
            assert prove(RetailFlow).gaps == {"decide": ("start", "review", "decide")}
            event._next = RetailFlow.credit_before_decide
        finally:
            eject(RetailFlow)
        assert event._next is RetailFlow.decide
    finally:
        event._next = target


def test_check_warns_where_the_guard_stands_alone_and_stops_where_a_way_leads_around(credit: Any) -> None:
    """Behind SplitFirst the start-up check warns; a real way around the gate stops the start."""
    inject(DeferredChoiceFlow, gate_of(DeferredChoiceFlow))
    inject(TimeoutFlow, gate_of(TimeoutFlow))
    event = TimeoutFlow.review__timeout
    event._next = TimeoutFlow.decide
    try:
        found = {message.id: message.msg for message in check_flows(None)}
    finally:
        event._next = TimeoutFlow.credit_before_decide
        eject(DeferredChoiceFlow)
        eject(TimeoutFlow)
    assert "DeferredChoiceFlow: decide" in found["approval_hook.W025"]
    assert "start -> review -> review__timeout -> decide" in found["approval_hook.E005"]


def test_table_of_patterns_names_every_number_and_every_flow() -> None:
    """The 43 control-flow patterns in order, each with flows of the catalogue or a reason; every flow in it."""
    text = TABLE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, 44))
    known = {f.__name__: f for f in FLOWS}
    told = set(re.findall(r"`(\w+Flow)`", text))
    assert told == set(known)
    for number, cell in rows:
        for name in re.findall(r"`(\w+Flow)`", cell):
            assert f"WCP-{number} " in (known[name].__doc__ or ""), (number, name)
    for name, flow_class in known.items():
        for number in re.findall(r"WCP-(\d+)", flow_class.__doc__ or ""):
            assert f"`{name}`" in dict(rows)[number], (number, name)
