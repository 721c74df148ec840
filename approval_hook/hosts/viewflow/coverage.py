"""Which flows of this installation the credit gate covers, and which matters no flow serves.

The one source of the start-up checks and of ``manage.py credit_coverage``. A flow that has neither a gate
nor a place in ``NOT_GATED`` is 未配置, and that is a fault: what nobody thought of is not taken for harmless.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.conf import settings
from django.urls import get_resolver
from viewflow.workflow.base import Flow

from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.errors import ConfigurationError, RulesInvalid
from approval_hook.hosts.viewflow import graph
from approval_hook.hosts.viewflow.injection import GATE_PREFIX, find_binding, import_flow, import_flow_modules
from approval_hook.hosts.viewflow.proof import prove
from approval_hook.policy.catalogue import Matter, RuleSet
from approval_hook.rulebook import RuleBook
from approval_hook.spec import Gate


class FaultKind(StrEnum):
    """What can be wrong with the coverage; the values are the keys of ``--json``."""

    NO_GATE = "no_gate"  # a flow with neither a gate nor a stated reason
    WAY_AROUND = "way_around"  # detail: the path
    MATTER_UNKNOWN = "matter_unknown"  # detail: the matter
    SOURCE_MISSING = "source_missing"  # detail: the sources that PLATFORMS does not name
    LEADS_INTO = "leads_into"  # detail: an injected flow whose nodes the flow shares
    GATED_AND_EXEMPT = "gated_and_exempt"
    EXEMPT_NOT_FOUND = "exempt_not_found"  # NOT_GATED names nothing that is a flow; detail: why
    EXPECTED_UNKNOWN = "expected_unknown"  # EXPECTED_MATTERS names what the rule set does not know
    EXPECTED_UNSERVED = "expected_unserved"  # EXPECTED_MATTERS names what no flow serves


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend.

    Attributes:
        kind: what is wrong.
        place: dotted path of the flow, or the matter code or path that the setting names.
        detail: as the kind says; empty where there is nothing to add.
    """

    kind: FaultKind
    place: str
    detail: tuple[str, ...] = ()


class Placement(StrEnum):
    """How a named node is reached."""

    GATE = "gate"  # a gate node stands before it
    GUARD = "guard"  # no node can be inserted; the guard alone holds it


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    """One flow of the installation.

    Attributes:
        name: dotted path of the class.
        title: as its author calls it.
        gate: None where there is none.
        matter: of the rule set in force; None without a gate or where the rules do not know it.
        placed: by node name, acceptance first.
        gaps: by protected node, a path around the gate.
        reason: why ``NOT_GATED`` excepts it; empty where it does not.
        faults: everything to mend about it.
    """

    name: str
    title: str
    gate: Gate | None
    matter: Matter | None
    placed: Mapping[str, Placement]
    gaps: Mapping[str, tuple[str, ...]]
    reason: str
    faults: tuple[Fault, ...]

    @property
    def covered(self) -> bool:
        """True when a gate or, where none can stand, the guard is on every path, and nothing is to be mended."""
        return self.gate is not None and not self.faults


@dataclass(frozen=True, slots=True)
class Coverage:
    """All flows of the installation against the rule set in force.

    Attributes:
        revision: of that rule set; empty when none is sound, and then nothing is said about matters.
        flows: by name.
        unserved: matters of the rule set without a flow here, in its order. For information: a rule set
            covers a province, an installation a few matters.
        faults: what is to be mended, of the flows and of the settings.
    """

    revision: str
    flows: tuple[FlowCoverage, ...]
    unserved: tuple[Matter, ...]
    faults: tuple[Fault, ...]


def coverage(book: RuleBook) -> Coverage:
    """Look at every flow of the installation. Loads the URLs, because flows may be imported there only.

    Args:
        book: where the rule set in force today is found.

    Raises:
        ConfigurationError: the settings are wrong.
    """
    try:
        rules: RuleSet | None = book.on(clock.today()).rules
    except RulesInvalid:
        rules = None  # check E002 says so
    exempt, faults = _exempt()
    flows = tuple(_cover(flow_class, rules, exempt.get(flow_class, "")) for flow_class in installed_flows())
    served = {flow.gate.matter for flow in flows if flow.gate is not None}
    faults += [fault for flow in flows for fault in flow.faults]
    unserved: tuple[Matter, ...] = ()
    if rules is not None:
        known = {matter.code for matter in rules.matters}
        unserved = tuple(matter for matter in rules.matters if matter.code not in served)
        for code in conf().expected_matters:
            if code not in known:
                faults.append(Fault(FaultKind.EXPECTED_UNKNOWN, code))
            elif code not in served:
                faults.append(Fault(FaultKind.EXPECTED_UNSERVED, code))
    return Coverage(rules.revision if rules is not None else "", flows, unserved, tuple(faults))


def installed_flows() -> list[type[Flow]]:
    """Every flow that can hold a case here: of an installed application, at an address, or with a gate; by name."""
    import_flow_modules()
    if getattr(settings, "ROOT_URLCONF", None):
        _ = get_resolver().url_patterns
    found = [f for f in graph.all_flows() if find_binding(f) is not None or graph.has_address(f) or _is_installed(f)]
    return sorted(found, key=name_of)


def name_of(flow_class: type[Flow]) -> str:
    """Dotted path of a flow class."""
    return f"{flow_class.__module__}.{flow_class.__qualname__}"


def _is_installed(flow_class: type[Flow]) -> bool:
    """Whether a case of the flow could be stored and found again: Viewflow refers to it by application and name."""
    module = sys.modules.get(flow_class.__module__)
    named = getattr(module, flow_class.__name__, None) is flow_class
    starts = any(graph.is_start(node) for node in graph.nodes_of(flow_class).values())
    return named and starts and apps.get_containing_app_config(flow_class.__module__ + ".") is not None


def _exempt() -> tuple[dict[type[Flow], str], list[Fault]]:
    found: dict[type[Flow], str] = {}
    faults = []
    for path, reason in conf().not_gated.items():
        try:
            found[import_flow(path, "NOT_GATED")] = reason
        except ConfigurationError as error:
            faults.append(Fault(FaultKind.EXEMPT_NOT_FOUND, path, (str(error),)))
    return found, faults


def _cover(flow_class: type[Flow], rules: RuleSet | None, reason: str) -> FlowCoverage:
    name = name_of(flow_class)
    binding = find_binding(flow_class)
    gate = binding.gate if binding is not None else None
    matter = _matter(gate.matter, rules) if gate is not None else None
    # Where no gate node can stand the guard asks and holds: that is no way around.
    alone = binding.guarded_alone() if binding is not None else []
    gaps = {node: path for node, path in prove(flow_class).gaps.items() if node not in alone}
    faults = list(_faults(name, gate, matter, rules, reason))
    faults += [Fault(FaultKind.WAY_AROUND, name, path) for path in gaps.values()]
    if binding is None:
        faults += [Fault(FaultKind.LEADS_INTO, name, (other,)) for other in _leads_into(flow_class)]
    placed: dict[str, Placement] = {}
    if binding is not None:
        for n in (*binding.gate.accepts, *binding.gate.protects):
            placed[n] = Placement.GATE if GATE_PREFIX + n in binding.gate_nodes else Placement.GUARD
    return FlowCoverage(name, str(flow_class.process_title), gate, matter, placed, gaps, reason, tuple(faults))


def _faults(name: str, gate: Gate | None, matter: Matter | None, rules: RuleSet | None, reason: str) -> Iterator[Fault]:
    if gate is None:
        if not reason:
            yield Fault(FaultKind.NO_GATE, name)
        return
    if reason:
        yield Fault(FaultKind.GATED_AND_EXEMPT, name)
    if matter is not None:
        missing = sorted(set(matter.required_sources) - set(conf().platforms))
        if missing:
            yield Fault(FaultKind.SOURCE_MISSING, name, tuple(missing))
    elif rules is not None:
        yield Fault(FaultKind.MATTER_UNKNOWN, name, (gate.matter,))


def _matter(code: str, rules: RuleSet | None) -> Matter | None:
    return next((m for m in rules.matters if m.code == code), None) if rules is not None else None


def _leads_into(flow_class: type[Flow]) -> list[str]:
    """Injected flows that own nodes behind nodes of this one, as a subclass of a concrete flow has it."""
    behind = {n.flow_class for node in graph.nodes_of(flow_class).values() for n in graph.successors(node)}
    return sorted(name_of(other) for other in behind - {flow_class} if find_binding(other) is not None)
