"""The gate on the flow chart, on the diagram of a case and in the BPMN export: symbol, caption, state, valid XML."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.test import Client
from django.urls import get_resolver
from viewflow.workflow import chart

from approval_hook import Gate
from approval_hook.hosts.viewflow import inject
from approval_hook.hosts.viewflow.injection import eject
from approval_hook.policy.records import CreditRecord
from tests.flows import flows
from tests.flows.facts import facts_of
from tests.integration.workflows.driving import filed_food, reviewed
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow

SVG = "{http://www.w3.org/2000/svg}"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DIAGRAM = "{http://www.omg.org/spec/BPMN/20100524/DI}"
CAPTIONS = {"credit_before_accept": "信用核查（受理前）", "credit_before_decide": "信用核查（决定前）"}


def nodes(svg: Element) -> dict[str, Element]:
    """Group of each node; a symbol may hold groups of its own, which have no name."""
    named = [g for g in svg.iter(f"{SVG}g") if "id" in g.attrib]
    found = {g.attrib["id"]: g for g in named}
    assert len(found) == len(named)
    return found


def gates(svg: Element) -> dict[str, Element]:
    """Group of each gate node."""
    return {name: group for name, group in nodes(svg).items() if name.startswith("credit_before_")}


def caption(group: Element) -> str:
    """The words in a group."""
    return "".join("".join(text.itertext()).strip() for text in group.iter(f"{SVG}text"))


def symbol(group: Element) -> list[str]:
    """The lines that no other node has: shield and tick."""
    return [p.attrib["d"] for p in group.findall(f"{SVG}path") if p.attrib.get("stroke") == "rgb(20, 83, 154)"]


def chart_address(flow_class: Any) -> str:
    """Address of a flow's chart."""
    _ = get_resolver().url_patterns  # a flow knows its address once the URLs are loaded
    return str(flow_class.instance.reverse("chart"))


@pytest.mark.parametrize("flow_class", [FoodBusinessFlow, RideHailingDriverFlow])
def test_flow_chart_shows_both_gates(manager: Client, flow_class: Any) -> None:
    """Each gate has its symbol and Chinese caption; no other node has the symbol, and no state is shown."""
    answer = manager.get(chart_address(flow_class))
    assert answer.headers["Content-Type"] == "image/svg+xml"
    svg = fromstring(answer.content)
    found = gates(svg)
    assert {name: caption(group) for name, group in found.items()} == CAPTIONS
    for name, group in nodes(svg).items():
        assert len(symbol(group)) == (2 if name in CAPTIONS else 0)
        assert "class" not in group.attrib
    assert [len(group.findall(f"{SVG}rect")) for group in found.values()] == [1, 1]


def test_case_diagram_shows_the_state_of_each_gate(
    clerk: Client, food: dict[str, Any], credit: Any, defaulter: CreditRecord
) -> None:
    """A passed gate is done, a waiting one is started, and both keep symbol and caption."""
    credit.records[food["firm_code"]] = (defaulter,)
    case = filed_food(food)
    reviewed(clerk, case)
    answer = clerk.get(clerk.get(f"/cases/{case.pk}/chart/").context["image"])
    found = gates(fromstring(answer.content))
    assert {name: group.attrib.get("class") for name, group in found.items()} == {
        "credit_before_accept": "done",
        "credit_before_decide": "started",
    }
    assert {name: caption(group) for name, group in found.items()} == CAPTIONS
    assert all(len(symbol(group)) == 2 for group in found.values())
    # The state colours what carries the class of a task.
    assert all(group.find(f"{SVG}rect[@class='task']") is not None for group in found.values())


def test_bpmn_export_has_the_gates_as_business_rule_tasks(manager: Client) -> None:
    """The standard's own symbol for a decision by rules, with caption, place on the diagram and edges that resolve."""
    answer = manager.get(chart_address(FoodBusinessFlow) + "?format=bpmn")
    assert answer.headers["Content-Type"] == "application/xml"
    root = fromstring(answer.content)
    tasks = {t.attrib["id"]: t.attrib["name"] for t in root.iter(f"{BPMN}businessRuleTask")}
    assert tasks == {f"id_node_{name}": words for name, words in CAPTIONS.items()}
    edges = [(e.attrib["sourceRef"], e.attrib["targetRef"]) for e in root.iter(f"{BPMN}sequenceFlow")]
    assert ("id_node_review", "id_node_credit_before_decide") in edges
    assert [target for source, target in edges if source == "id_node_credit_before_decide"] == ["id_node_decide"]
    known = {e.attrib["id"] for e in root.iter() if "id" in e.attrib}
    assert {end for edge in edges for end in edge} <= known
    drawn = {s.attrib["bpmnElement"] for s in root.iter(f"{DIAGRAM}BPMNShape")}
    assert set(tasks) <= drawn


@pytest.mark.parametrize(
    "flow_class",
    [
        flows.LinearFlow,
        flows.ChoiceFlow,
        flows.BoundaryFlow,
        flows.LoopFlow,
        flows.ParallelFlow,
        flows.CompensatingFlow,
    ],
)
def test_charts_of_other_authors_flows_stay_valid(flow_class: Any) -> None:
    """Loops, boundary events, parallel branches and compensation: both drawings parse and show the gate once."""
    inject(flow_class, Gate("food-business", facts_of, ("decide",)))
    try:
        grid = chart.calc_layout_data(flow_class)
        svg, bpmn = fromstring(chart.grid_to_svg(grid)), fromstring(chart.grid_to_bpmn(grid))
    finally:
        eject(flow_class)
    (group,) = gates(svg).values()
    assert (caption(group), len(symbol(group))) == ("信用核查（决定前）", 2)
    assert [t.attrib["name"] for t in bpmn.iter(f"{BPMN}businessRuleTask")] == ["信用核查（决定前）"]
    assert set(nodes(svg)) >= {"start", "decide", "end"}
