"""What start-up says of a gate that cannot stand, and that the three ways to name one are equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from viewflow import this
from viewflow.workflow import flow

from approval_hook import Gate
from approval_hook.errors import ConfigurationError
from approval_hook.hosts.viewflow import credit_gate, graph, inject, prove
from approval_hook.hosts.viewflow.injection import bindings, eject, find_binding, import_flow_modules, inject_configured
from tests.flows import flows
from tests.flows.facts import facts_of

GATE = {"matter": "food-business", "facts": "tests.flows.facts.facts_of", "protects": ["decide"]}


@pytest.fixture(autouse=True)
def _taken_out_again() -> Iterator[None]:
    before = {b.flow_class for b in bindings()}
    yield
    for binding in bindings():
        if binding.flow_class not in before:
            eject(binding.flow_class)


@pytest.fixture
def start_with(settings: Any) -> Any:
    """Start up with these flows in the settings."""

    def into(entries: dict[str, dict[str, Any]]) -> None:
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "FLOWS": entries}
        inject_configured()

    return into


def edges(flow_class: Any) -> dict[str, list[str]]:
    """Every node with those behind it."""
    return {name: [n.name for n in graph.successors(node)] for name, node in graph.nodes_of(flow_class).items()}


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("tests.flows.flows.LinaerFlow", r"FLOWS: the flow tests\.flows\.flows\.LinaerFlow cannot be imported"),
        ("tests.nowhere.LinearFlow", r"tests\.nowhere\.LinearFlow cannot be imported: ModuleNotFoundError"),
        ("LinearFlow", "the flow LinearFlow cannot be imported"),
        (
            "tests.integration.misfits.raising.LinearFlow",
            r"cannot be imported: ZeroDivisionError: the licence types could not be counted\. Correct the path, or",
        ),
        ("tests.flows.facts.facts_of", "is not a Viewflow flow class"),
        ("tests.flows.facts.CLEAN", "is not a Viewflow flow class"),
    ],
)
def test_flow_that_cannot_be_used_stops_the_start(start_with: Any, path: str, says: str) -> None:
    """A path that leads nowhere, to a module that raises or to something else is named with the setting."""
    with pytest.raises(ConfigurationError, match=says):
        start_with({path: GATE})


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ("tests.flows.facts.fact_of", r"the facts function tests\.flows\.facts\.fact_of cannot be imported"),
        ("tests.integration.misfits.raising.facts", "cannot be imported: ZeroDivisionError"),
        ("tests.flows.facts.CLEAN", "is not a function that maps a process to CaseFacts"),
    ],
)
def test_facts_function_that_cannot_be_used_stops_the_start(start_with: Any, facts: str, says: str) -> None:
    """The same for the mapping function, and nothing is injected."""
    with pytest.raises(ConfigurationError, match=says):
        start_with({"tests.flows.flows.LinearFlow": {**GATE, "facts": facts}})
    assert find_binding(flows.LinearFlow) is None


def test_one_flow_under_two_paths_stops_the_start(start_with: Any, monkeypatch: Any) -> None:
    """Two names of one class would be two truths, even while they agree."""
    monkeypatch.setattr("tests.flows.facts.OtherName", flows.LinearFlow, raising=False)
    with pytest.raises(ConfigurationError) as raised:
        start_with({"tests.flows.flows.LinearFlow": GATE, "tests.flows.facts.OtherName": GATE})
    assert "tests.flows.flows.LinearFlow and as tests.flows.facts.OtherName; keep one" in str(raised.value)


def test_flows_module_of_an_application_that_raises_stops_the_start(monkeypatch: Any) -> None:
    """Decorated flows are found by importing the modules ``flows``; one that fails is named, not passed over."""

    def broken(name: str) -> Any:
        raise SyntaxError("invalid syntax")

    monkeypatch.setattr("approval_hook.hosts.viewflow.injection.import_module", broken)
    says = r"the flows of testflows, tests\.flows\.flows, cannot be imported: SyntaxError"
    with pytest.raises(ConfigurationError, match=says):
        import_flow_modules()


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow_class", "protects", "accepts", "says"),
    [
        (flows.LinearFlow, ("decied",), (), "has no node decied (did you mean decide?); its nodes are accept, "),
        (flows.LinearFlow, ("decide",), ("acept",), "has no node acept (did you mean accept?)"),
        (flows.LinearFlow, ("xyzzy",), (), "has no node xyzzy; its nodes are accept, decide, end, start."),
        (flows.LinearFlow, (), (), "protects no node; name the nodes whose execution is the decision"),
        (flows.LinearFlow, ("start",), (), "start starts the process, and before it there is no case to check."),
        (flows.LinearFlow, ("decide",), ("start",), "Name the node behind it"),
        (flows.BoundaryFlow, ("review__timeout",), (), "review__timeout is a boundary event; name the node behind it"),
        (flows.LinearFlow, ("decide", "accept"), ("accept",), "accept cannot be acceptance and decision"),
        (flows.LinearFlow, ("decide", "decide"), (), "decide is named twice"),
        (flows.CompensatingFlow, ("decide", "unbook"), (), "cannot be placed before unbook: no edge leads to it"),
    ],
)
def test_gate_that_cannot_stand_is_refused_and_changes_nothing(
    flow_class: Any, protects: tuple[str, ...], accepts: tuple[str, ...], says: str
) -> None:
    """The message names flow, node and what to do; no part of the gate stays behind."""
    before = edges(flow_class)
    with pytest.raises(ConfigurationError) as raised:
        inject(flow_class, Gate("food-business", facts_of, protects, accepts))
    assert says in str(raised.value)
    assert flow_class.__name__ in str(raised.value)
    assert edges(flow_class) == before
    assert find_binding(flow_class) is None


def test_start_node_that_issues_is_refused_in_code_and_at_start_up(start_with: Any) -> None:
    """A licence cannot be issued before there is a case: in code, in the decorator and in the settings alike."""
    says = "LinearFlow: start starts the process.* Name the node behind it."
    with pytest.raises(ConfigurationError, match=says):
        inject(flows.LinearFlow, Gate("food-business", facts_of, ("decide",), issues=("start",)))
    with pytest.raises(ConfigurationError, match=says):
        start_with({"tests.flows.flows.LinearFlow": {**GATE, "issues": ["start"]}})
    with pytest.raises(ConfigurationError, match="DecoratedFlow: start starts the process"):
        decorated(issues=["start"])
    assert find_binding(flows.LinearFlow) is None


def test_bare_text_is_no_list_of_nodes() -> None:
    """``protects="decide"`` would protect six nodes of one letter."""
    with pytest.raises(ConfigurationError, match="must be a list of node names, not the text 'decide'"):
        Gate("food-business", facts_of, "decide")  # type: ignore[arg-type]  # the mistake


def test_second_gate_on_a_flow_is_refused(start_with: Any) -> None:
    """Whoever comes second hears of both, and the first stays."""
    first = inject(flows.LinearFlow, Gate("food-business", facts_of, ("decide",)))
    with pytest.raises(ConfigurationError, match="has another credit gate already") as raised:
        start_with({"tests.flows.flows.LinearFlow": {**GATE, "protects": ["accept"]}})
    assert "('decide',)" in str(raised.value)
    assert "('accept',)" in str(raised.value)
    assert "Keep one" in str(raised.value)
    assert find_binding(flows.LinearFlow) is first


# --- the decorator ----------------------------------------------------------------------------


def decorated(**changes: Any) -> Any:
    """A flow as its author would decorate it, at the address of one that settings can name."""
    options = {"matter": "food-business", "facts": facts_of, "protects": ["decide"], "accepts": ["accept"], **changes}

    @credit_gate(**options)
    class DecoratedFlow(flow.Flow):
        start = flow.StartHandle(flows.start_with).Next(this.accept)
        accept = flow.Handle().Next(this.decide)
        decide = flow.Function(flows.note("decide")).Next(this.end)
        end = flow.End()

    return DecoratedFlow


def test_decorated_flow_is_the_same_as_an_injected_one() -> None:
    """Binding, edges and proof are those of ``inject``, and the class stays the class."""
    flow_class = decorated()
    inject(flows.LinearFlow, Gate("food-business", facts_of, ("decide",), ("accept",)))
    assert flow_class.__name__ == "DecoratedFlow"
    assert edges(flow_class) == edges(flows.LinearFlow)
    mine, theirs = find_binding(flow_class), find_binding(flows.LinearFlow)
    assert mine is not None
    assert theirs is not None
    assert mine.gate == theirs.gate
    assert mine.gate_nodes == theirs.gate_nodes
    assert prove(flow_class).covered


def test_decorator_takes_all_that_a_gate_has() -> None:
    """Every key of an entry in FLOWS can be said in the decorator too."""
    found = find_binding(decorated(accepts=[], issues=["end"], inside=True, mode="observe"))
    assert found is not None
    assert found.gate == Gate("food-business", facts_of, ("decide",), (), ("end",), inside=True, mode="observe")
    with pytest.raises(ConfigurationError, match="there is no off switch"):
        decorated(mode="off")


def test_decorated_flow_may_stand_in_settings_with_the_same_gate(start_with: Any, monkeypatch: Any) -> None:
    """Equal gates are one gate, wherever they are written."""
    flow_class = decorated()
    monkeypatch.setattr("tests.flows.flows.DecoratedFlow", flow_class, raising=False)
    before = find_binding(flow_class)
    start_with({"tests.flows.flows.DecoratedFlow": {**GATE, "accepts": ["accept"]}})
    assert find_binding(flow_class) is before


@pytest.mark.parametrize("other", [{"matter": "ride-hailing-driver"}, {"accepts": []}, {"protects": ["end"]}])
def test_decorated_flow_with_another_gate_in_settings_stops_the_start(
    start_with: Any, monkeypatch: Any, other: dict[str, Any]
) -> None:
    """Whichever key differs, nobody silently wins."""
    flow_class = decorated()
    monkeypatch.setattr("tests.flows.flows.DecoratedFlow", flow_class, raising=False)
    with pytest.raises(ConfigurationError, match="DecoratedFlow has another credit gate already"):
        start_with({"tests.flows.flows.DecoratedFlow": {**GATE, "accepts": ["accept"], **other}})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"protects": []}, "protects no node"),
        ({"protects": "decide"}, "must be a list of node names"),
        ({"protects": ["decode"]}, r"no node decode \(did you mean decide\?\)"),
        ({"accepts": "accept"}, "must be a list of node names"),
    ],
)
def test_decorator_is_as_loud_as_inject(changes: dict[str, Any], says: str) -> None:
    """A misnamed node stops the import of the flow's module."""
    with pytest.raises(ConfigurationError, match=says):
        decorated(**changes)


def test_error_of_a_decorated_flow_is_told_once(monkeypatch: Any) -> None:
    """The import that fails for the decorator's sake says what the decorator said, and nothing about paths."""

    def misnamed(name: str) -> Any:
        if name == "workflows.flows":
            decorated(protects=["decode"])

    monkeypatch.setattr("approval_hook.hosts.viewflow.injection.import_module", misnamed)
    with pytest.raises(ConfigurationError) as raised:
        import_flow_modules()
    assert re.match(r"DecoratedFlow has no node decode", str(raised.value))


def test_decision_that_leads_back_to_itself_is_gated_each_time_and_ejected() -> None:
    """A decision that may be taken again passes the gate again; taking the gate out restores its own edge too."""

    class AgainFlow(flow.Flow):
        start = flow.StartHandle(flows.start_with).Next(this.decide)
        decide = flow.If(lambda activation: False).Then(this.decide).Else(this.end)
        end = flow.End()

    before = edges(AgainFlow)
    inject(AgainFlow, Gate("food-business", facts_of, ("decide",)))
    assert edges(AgainFlow)["decide"] == ["credit_before_decide", "end"]
    assert edges(AgainFlow)["credit_before_decide"] == ["decide"]
    assert prove(AgainFlow).covered
    eject(AgainFlow)
    assert edges(AgainFlow) == before
