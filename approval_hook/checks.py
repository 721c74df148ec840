"""Start-up checks. A configuration error stops the start; there is no fail-open value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.utils import DatabaseError

from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.errors import ApprovalHookError, CaseInvalid

_MIDDLEWARE = "approval_hook.hosts.viewflow.middleware.HeldCaseMiddleware"


def register_all() -> None:
    """Register every check."""
    checks.register(check_settings)
    checks.register(check_flows)
    checks.register(check_middleware)
    checks.register(check_surroundings)
    # With deploy=True, because migrate runs database checks first, and these are mended by migrate.
    checks.register(check_database, checks.Tags.database, deploy=True)


def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E001 settings, E002 rules in force, W015 rules to come, E003 platforms and secrets."""
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
        platforms.platforms()
    except ApprovalHookError as error:
        problems.append(checks.Error(str(error), hint="Mend APPROVAL_HOOK['PLATFORMS'].", id="approval_hook.E003"))
    return problems


def check_flows(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E004 a matter is not configured or names an unknown source, E005 a way around the gate, W016 only the guard."""
    from approval_hook import cases
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.hosts.viewflow.proof import prove

    problems: list[checks.CheckMessage] = []
    book = cases.file_book()
    for binding in bindings():
        name = binding.flow_class.__name__
        try:
            matter = book.on(clock.today()).rules.matter(binding.gate.matter)
        except CaseInvalid as error:
            hint = "Add the matter to the rule file, or mend APPROVAL_HOOK['FLOWS']."
            problems.append(checks.Error(f"{name}: {error}", hint=hint, id="approval_hook.E004"))
            continue
        except ApprovalHookError:
            continue  # check_settings reports it
        missing = set(matter.required_sources) - set(conf().platforms)
        if missing:
            text = f"{name}: the matter requires the sources {sorted(missing)}, which PLATFORMS does not name."
            hint = "Add them to APPROVAL_HOOK['PLATFORMS']."
            problems.append(checks.Error(text, hint=hint, id="approval_hook.E004"))
        for node, path in prove(binding.flow_class).gaps.items():
            if node in binding.guarded_alone():
                text = f"{name}: {node} is behind a first-wins split, so no gate node stands there; the guard holds it."
                hint = "Place the decision one step behind the split, so that the check shows on the chart."
                problems.append(checks.Warning(text, hint=hint, id="approval_hook.W016"))
                continue
            text = f"{name}: {node} can be reached around the credit gate: {' -> '.join(path)}."
            hint = "Take the edge out, or name the node it leads to as protected too."
            problems.append(checks.Error(text, hint=hint, id="approval_hook.E005"))
    for name, into in _subclasses_into_injected_flows():
        text = f"{name} leads into nodes of {into}, which has a credit gate; its cases would wait there for ever."
        hint = "Give the subclass nodes of its own: a concrete flow cannot be extended by subclassing."
        problems.append(checks.Error(text, hint=hint, id="approval_hook.E011"))
    return problems


def _subclasses_into_injected_flows() -> list[tuple[str, str]]:
    from approval_hook.hosts.viewflow import graph
    from approval_hook.hosts.viewflow.injection import bindings

    injected = {binding.flow_class for binding in bindings()}
    found = set()
    for flow_class in graph.all_flows():
        if flow_class in injected:
            continue
        for node in graph.nodes_of(flow_class).values():
            for following in graph.successors(node):
                if following.flow_class in injected:
                    found.add((flow_class.__name__, following.flow_class.__name__))
    return sorted(found)


def check_surroundings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E012 evidence would go to another database than the transactions we watch, E013 naive times."""
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.models import Inquiry

    problems: list[checks.CheckMessage] = []
    models = {Inquiry, *(m for b in bindings() for m in (b.flow_class.task_class, b.flow_class.process_class))}
    elsewhere = sorted({m._meta.label for m in models if router.db_for_write(m) != DEFAULT_DB_ALIAS})
    if elsewhere:
        text = f"{', '.join(elsewhere)}: the credit gate and the flows it guards must be in the default database."
        problems.append(checks.Error(text, hint="Mend DATABASE_ROUTERS.", id="approval_hook.E012"))
    if not settings.USE_TZ:
        text = "USE_TZ is off; the age of a record cannot be told."
        problems.append(checks.Error(text, hint="Set USE_TZ = True.", id="approval_hook.E013"))
    return problems


def check_middleware(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E006 a task could be moved under another node's address, E007 Viewflow needs request.user, W008 unsafe lock."""
    from viewflow.workflow.lock import no_lock

    from approval_hook.hosts.viewflow.injection import bindings

    problems: list[checks.CheckMessage] = []
    if _MIDDLEWARE not in settings.MIDDLEWARE:
        text = f"{_MIDDLEWARE} is not in MIDDLEWARE; a task could be moved under another node's address."
        problems.append(checks.Error(text, hint="Add it after authentication.", id="approval_hook.E006"))
    if "django.contrib.auth.middleware.AuthenticationMiddleware" not in settings.MIDDLEWARE:
        problems.append(
            checks.Error(
                "AuthenticationMiddleware is missing, and Viewflow's middleware needs request.user.",
                hint="Add it, or set VIEWFLOW = {'AUTOREGISTER': False}.",
                id="approval_hook.E007",
            )
        )
    for binding in bindings():
        if binding.flow_class.lock_impl is no_lock:
            text = f"{binding.flow_class.__name__} uses no_lock; two workers may move one case at a time."
            problems.append(checks.Warning(text, hint="Set lock_impl on the flow.", id="approval_hook.W008"))
    return problems


def check_database(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Sequence[checks.CheckMessage]:
    """E009 a table or trigger is missing, E010 protected nodes are out of date, W014 cases nobody attends to."""
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
        problems += _orphans(alias)
    return problems


def _orphans(alias: str) -> list[checks.CheckMessage]:
    """Open holds of flows or nodes that no gate covers any more: no runner will ever attend to them."""
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.models import Hold

    covered = {(b.flow_ref, node) for b in bindings() for node in (*b.gate.protects, *b.gate_nodes)}
    counts = Counter(Hold.objects.using(alias).filter(released_at=None).values_list("flow", "node"))
    return [
        checks.Warning(
            f"{alias}: {number} held case(s) wait at {flow}.{node}, which no gate covers any more.",
            hint="See 'Rename or remove a gated node' in docs/howto/operate.md.",
            id="approval_hook.W014",
        )
        for (flow, node), number in sorted(counts.items())
        if (flow, node) not in covered
    ]
