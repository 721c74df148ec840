"""Start-up checks. A configuration error stops the start; there is no fail-open value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import connections
from django.db.utils import DatabaseError
from django.utils.module_loading import import_string

from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.errors import ApprovalHookError, ConfigurationError
from approval_hook.policy.rules import GatePoint
from approval_hook.surroundings import check_calendar, check_middleware, check_order, check_surroundings

if TYPE_CHECKING:
    from approval_hook.hosts.viewflow.coverage import Fault
    from approval_hook.policy.catalogue import Matter
    from approval_hook.rulebook import RuleBook
    from approval_hook.spec import Gate


def register_all() -> None:
    """Register every check."""
    checks.register(check_settings)
    checks.register(check_outbox)
    checks.register(check_flows)
    checks.register(check_middleware)
    checks.register(check_order)
    checks.register(check_surroundings)
    checks.register(check_calendar)
    # With deploy=True, because migrate runs database checks first, and these are mended by migrate.
    checks.register(check_database, checks.Tags.database, deploy=True)


def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E001 settings, E002 rules in force, W015 rules to come, E003 platforms and secrets, W029 weak platforms."""
    from approval_hook import cases, platforms, privacy

    try:
        privacy.check_secrets()
    except ApprovalHookError as error:
        return [checks.Error(str(error), hint="See docs/reference/settings.md.", id="approval_hook.E001")]
    problems: list[checks.CheckMessage] = []
    try:
        cases.file_book().on(clock.today())
    except ApprovalHookError as error:
        problems.append(checks.Error(str(error), hint="Mend the rule file named above.", id="approval_hook.E002"))
    if not problems:
        try:
            cases.file_book().all()
        except ApprovalHookError as error:
            hint = "Mend it before its first day; what is in force today is not touched."
            problems.append(checks.Warning(str(error), hint=hint, id="approval_hook.W015"))
    try:
        weak = platforms.weaknesses()
    except ApprovalHookError as error:
        problems.append(checks.Error(str(error), hint="Mend APPROVAL_HOOK['PLATFORMS'].", id="approval_hook.E003"))
        return problems
    hint = "Ask the platform for an interface with current cryptography."
    problems += [
        checks.Warning(f"The platform {name}: {text}.", hint=hint, id="approval_hook.W029")
        for name, text in weak.items()
    ]
    return problems


def check_outbox(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E031 a channel, or a receiver of feedback or publication, that cannot be used."""
    from approval_hook import outbox

    try:
        outbox.targets()
    except ApprovalHookError as error:
        hint = "Mend CHANNELS, FEEDBACK or PUBLICATION in APPROVAL_HOOK."
        return [checks.Error(str(error), hint=hint, id="approval_hook.E031")]
    return []


def check_flows(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E004, E005, E011, E016, E020 to W025: a flow without a sound gate, or a matter without a flow."""
    from approval_hook import cases
    from approval_hook.hosts.viewflow.coverage import coverage

    try:
        conf()
    except ConfigurationError:
        return []  # check_settings reports it
    book = cases.file_book()
    return [*(_told(fault) for fault in coverage(book).faults), *_wrong_new_names(), *_as_placed(book)]


def _told(fault: Fault) -> checks.CheckMessage:
    from approval_hook.hosts.viewflow.coverage import FaultKind

    place, detail = fault.place, fault.detail
    match fault.kind:
        case FaultKind.MATTER_UNKNOWN:
            text = f"{place}: the rule set in force does not know its matter {detail[0]!r}; its cases are refused."
            hint = "Add the matter to the rule set, or correct the matter of the gate."
            return checks.Error(text, hint=hint, id="approval_hook.E004")
        case FaultKind.SOURCE_MISSING:
            text = f"{place}: the matter requires the sources {list(detail)}, which PLATFORMS does not name."
            hint = "Add them to APPROVAL_HOOK['PLATFORMS']."
            return checks.Error(text, hint=hint, id="approval_hook.E004")
        case FaultKind.WAY_AROUND:
            text = f"{place}: {detail[-1]} can be reached around the credit gate: {' -> '.join(detail)}."
            hint = "Take the edge out, or name the node it leads to as protected too."
            return checks.Error(text, hint=hint, id="approval_hook.E005")
        case FaultKind.LEADS_INTO:
            text = f"{place} leads into nodes of {detail[0]}, which has a credit gate; its cases would wait for ever."
            hint = "Give the subclass nodes of its own: a concrete flow cannot be extended by subclassing."
            return checks.Error(text, hint=hint, id="approval_hook.E011")
        case FaultKind.NO_GATE:
            text = f"{place} has no credit gate."
            hint = "Name it in APPROVAL_HOOK['FLOWS'], or in 'NOT_GATED' with the reason why it is no licensing flow."
            return checks.Error(text, hint=hint, id="approval_hook.E020")
        case FaultKind.GATED_AND_EXEMPT:
            text = f"{place} has a credit gate and stands in APPROVAL_HOOK['NOT_GATED'] too."
            return checks.Error(text, hint="Take it out of NOT_GATED.", id="approval_hook.E021")
        case FaultKind.EXEMPT_NOT_FOUND:
            text = f"{place} in APPROVAL_HOOK['NOT_GATED'] is no flow: {detail[0]}"
            return checks.Error(text, hint="Correct the path, or take it out.", id="approval_hook.E021")
        case FaultKind.EXPECTED_UNKNOWN:
            text = f"The matter {place!r} in APPROVAL_HOOK['EXPECTED_MATTERS'] is not in the rule set in force."
            return checks.Error(text, hint="Correct the code, or add it to the rule set.", id="approval_hook.E022")
        case FaultKind.EXPECTED_UNSERVED:
            text = f"The matter {place!r} in APPROVAL_HOOK['EXPECTED_MATTERS'] is served by no flow with a gate."
            return checks.Error(text, hint="Name its flow in APPROVAL_HOOK['FLOWS'].", id="approval_hook.E022")


def _wrong_new_names() -> list[checks.CheckMessage]:
    """Entries of RENAMED and MOVED that name no gated flow, what is still there, or what is not."""
    from approval_hook.hosts.viewflow import graph
    from approval_hook.hosts.viewflow.injection import bindings

    gated = [b.flow_class for b in bindings()]
    hint = "RENAMED: flow -> {old name of a node: its name now}. MOVED: old path of a flow -> its path now."
    wrong = []
    for path, names in conf().renamed.items():
        try:
            flow_class = import_string(path)
        except ImportError:
            flow_class = None
        if flow_class not in gated:
            wrong.append(f"RENAMED: {path} is not a flow with a credit gate.")
            continue
        nodes = graph.nodes_of(flow_class)
        wrong += [f"RENAMED: {path} still has a node {old}." for old in names if old in nodes]
        wrong += [f"RENAMED: {path} has no node {new}." for new in names.values() if new not in nodes]
    return [checks.Error(text, hint=hint, id="approval_hook.E016") for text in [*wrong, *_wrong_new_paths()]]


def _wrong_new_paths() -> Iterator[str]:
    """Entries of MOVED whose new path is no gated flow, or whose old one is another flow or the same."""
    from approval_hook.hosts.viewflow.binding import stored
    from approval_hook.hosts.viewflow.injection import bindings

    gated = {b.flow_class: b.flow_ref for b in bindings()}
    for old, new in conf().moved.items():
        found = []
        for path in (old, new):
            try:
                found.append(import_string(path))
            except ImportError:
                found.append(None)
        if found[1] not in gated:
            yield f"MOVED: {new} is not a flow with a credit gate."
        elif found[0] not in (None, found[1]):
            yield f"MOVED: {old} is another flow."
        elif stored(old) == gated[found[1]]:
            yield f"MOVED: {old} is where the flow is now."


def _as_placed(book: RuleBook) -> list[checks.CheckMessage]:
    """W023 a flow observes, W024 hook points that it and its matter do not share, W025 only the guard holds a node."""
    from approval_hook.hosts.viewflow.injection import bindings

    found: list[checks.CheckMessage] = []
    for binding in bindings():
        name = binding.flow_class.__name__
        if binding.gate.observes:
            text = f"{name} observes: its cases are recorded and never held, whatever is found."
            hint = "Set 'mode' to 'enforce' and run migrate once the flow has been watched."
            found.append(checks.Warning(text, hint=hint, id="approval_hook.W023"))
        for node in () if binding.gate.inside else binding.guarded_alone():
            text = f"{name}: {node} is behind a first-wins split, so no gate node stands there; the guard holds it."
            hint = "Place the decision one step behind the split, so that the check shows on the chart."
            found.append(checks.Warning(text, hint=hint, id="approval_hook.W025"))
        try:
            matter = book.on(clock.today()).rules.matter(binding.gate.matter)
        except ApprovalHookError:
            continue  # E002 and E004 say so
        found += _points(name, binding.gate, matter)
    return found


def _points(name: str, gate: Gate, matter: Matter) -> list[checks.CheckMessage]:
    """Hook points that the rules declare and the flow does not place, and the reverse."""
    placed = {GatePoint.ACCEPTANCE: ("accepts", gate.accepts), GatePoint.ISSUE: ("issues", gate.issues)}
    problems: list[checks.CheckMessage] = []
    for point, (key, nodes) in placed.items():
        if matter.has_point(point) and not nodes:
            text = f"{name}: the matter has the hook point {point}, which '{key}' places nowhere in the flow."
            hint = f"Name the node in '{key}', or leave the point out of the matter's 'points'."
        elif nodes and not matter.has_point(point):
            text = (
                f"{name}: '{key}' places the hook point {point}, which the matter does not have; nothing happens there."
            )
            hint = f"Take '{key}' out, or add the point to the matter's 'points'."
        else:
            continue
        problems.append(checks.Warning(text, hint=hint, id="approval_hook.W024"))
    return problems


def check_database(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Sequence[checks.CheckMessage]:
    """E009 tables or triggers missing, E010 guards out of date, E029 a flow moved, W014, W017, W018 uncovered cases.

    W032 something waits for a receiver that nobody configured.
    """
    from approval_hook import triggers
    from approval_hook.models import CreditDecision

    problems: list[checks.CheckMessage] = []
    for alias in databases or ():
        if CreditDecision._meta.db_table not in connections[alias].introspection.table_names():
            text = f"{alias}: the tables of the credit gate are missing."
            problems.append(checks.Error(text, hint="Run manage.py migrate.", id="approval_hook.E009"))
            continue
        try:
            missing = set(triggers.expected(alias)) - {name for name, *_ in triggers.installed(alias)}
            stale = triggers.outdated(alias)
        except DatabaseError as error:
            problems.append(checks.Error(f"{alias}: {type(error).__name__}", id="approval_hook.E009"))
            continue
        hint = "Run manage.py migrate."
        if missing:
            text = f"{alias}: the triggers {sorted(missing)} are missing."
            problems.append(checks.Error(text, hint=hint, id="approval_hook.E009"))
        if stale:
            problems.append(
                checks.Error(
                    f"{alias}: the guards protect other nodes than the injected flows name.",
                    hint=hint,
                    id="approval_hook.E010",
                )
            )
        problems += _undeliverable(alias)
        problems += _astray(alias) + _orphans(alias) + _stuck(alias) + _no_longer_covered(alias)
    return problems


def _undeliverable(alias: str) -> list[checks.CheckMessage]:
    """What waits in the outbox for receivers that the settings do not name: nobody will ever deliver it."""
    from approval_hook.models import Outgoing

    c = conf()
    known = {"message": c.channels, "feedback": c.feedback, "publication": c.publication}
    waiting = Outgoing.objects.using(alias).filter(next_try_at__isnull=False).order_by("kind", "target")
    hint = "Put it back into CHANNELS, FEEDBACK or PUBLICATION until the outbox is empty."
    return [
        checks.Warning(
            f"{alias}: a {kind} waits for {target}, which is not configured.", hint=hint, id="approval_hook.W032"
        )
        for kind, target in waiting.values_list("kind", "target").distinct()
        if target not in known[kind]
    ]


def _astray(alias: str) -> list[checks.CheckMessage]:
    """Cases that a gated flow left behind when its module was moved: no runner attends to them."""
    from approval_hook.hosts.viewflow.missing import astray

    move = "Run manage.py migrate, then manage.py credit_sweep."
    found: list[checks.CheckMessage] = []
    for lost in astray(alias):
        hint = move if lost.told else f"Say APPROVAL_HOOK['MOVED'] = {{{lost.stored!r}: {lost.flow!r}}}. {move}"
        found.append(checks.Error(f"{alias}: {lost.text}。", hint=hint, id="approval_hook.E029"))
    return found


def _orphans(alias: str) -> list[checks.CheckMessage]:
    """Open holds of flows or nodes that no gate covers any more: no runner will ever attend to them."""
    from approval_hook.hosts.viewflow import graph
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.hosts.viewflow.missing import bound_under
    from approval_hook.models import Hold

    own = {b.flow_ref for b in bindings()}
    covered = {(b.flow_ref, node) for b in bindings() for node in (*b.gate.protects, *b.gate_nodes)}
    counts = Counter(Hold.objects.using(alias).filter(released_at=None).values_list("flow", "node"))
    return [
        checks.Warning(
            f"{alias}: {number} held case(s) wait at {graph.dotted(flow)}.{node}, which no gate covers any more.",
            hint="See 'Rename or remove a gated node' in docs/howto/operate.md.",
            id="approval_hook.W014",
        )
        for (flow, node), number in sorted(counts.items())
        if (flow, node) not in covered and (flow in own or bound_under(flow) is None)  # else E029 says so
    ]


def _stuck(alias: str) -> list[checks.CheckMessage]:
    """Cases that wait at a node which was renamed under them."""
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.hosts.viewflow.missing import stuck

    move = "Run manage.py credit_sweep."
    hint = f"Name the node as before, or write its new name into APPROVAL_HOOK['RENAMED']. {move}"
    return [
        checks.Warning(f"{alias}: {found.text}。", hint=move if found.renamed else hint, id="approval_hook.W017")
        for binding in bindings()
        for found in stuck(binding, alias)
    ]


def _no_longer_covered(alias: str) -> list[checks.CheckMessage]:
    """Gate tasks and late checks of flows that were taken out of the settings."""
    from approval_hook.hosts.viewflow import graph
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.hosts.viewflow.missing import bound_under, retired
    from approval_hook.models import LateCheck

    hint = "See 'Rename or remove a gated node' in docs/howto/operate.md."
    waiting = Counter(ref for _, _, ref in retired(alias))
    covered = [binding.flow_ref for binding in bindings()]
    owed = Counter(LateCheck.objects.using(alias).filter(done_at=None).exclude(flow__in=covered).values_list("flow"))
    texts = [
        f"{number} case(s) wait at {graph.dotted(ref)}, which is no gate any more:"
        " the runner lets them go on, without a check"
        for ref, number in sorted(waiting.items())
    ]
    texts += [
        f"{number} case(s) of {graph.dotted(flow)} are without a check and no gate covers them"
        for (flow,), number in owed.items()
        if bound_under(flow) is None  # else E029 says so
    ]
    return [checks.Warning(f"{alias}: {text}.", hint=hint, id="approval_hook.W018") for text in texts]
