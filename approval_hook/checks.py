"""Start-up checks. A configuration error stops the start; there is no fail-open value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections
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
    checks.register(check_database, checks.Tags.database)


def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E001 settings, E002 rules, E003 platforms and secrets."""
    from approval_hook import gate, platforms

    try:
        c = conf()
        c.secret(c.digest_secret)
        c.secret(c.field_secret)
    except ApprovalHookError as error:
        return [checks.Error(str(error), hint="See docs/quickstart.md.", id="approval_hook.E001")]
    problems: list[checks.CheckMessage] = []
    try:
        gate.book().on(clock.today())
    except ApprovalHookError as error:
        problems.append(checks.Error(str(error), hint="Mend the rule file named above.", id="approval_hook.E002"))
    try:
        platforms.platforms()
    except ApprovalHookError as error:
        problems.append(checks.Error(str(error), hint="Mend APPROVAL_HOOK['PLATFORMS'].", id="approval_hook.E003"))
    return problems


def check_flows(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E004 a matter is not configured or names an unknown source, E005 a way around the gate."""
    from approval_hook import gate
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.hosts.viewflow.proof import prove

    problems: list[checks.CheckMessage] = []
    for binding in bindings():
        name = binding.flow_class.__name__
        try:
            matter = gate.book().on(clock.today()).rules.matter(binding.gate.matter)
        except CaseInvalid as error:
            problems.append(checks.Error(f"{name}: {error}", id="approval_hook.E004"))
            continue
        except ApprovalHookError:
            continue  # check_settings reports it
        missing = set(matter.required_sources) - set(conf().platforms)
        if missing:
            text = f"{name}: the matter requires the sources {sorted(missing)}, which PLATFORMS does not name."
            problems.append(checks.Error(text, id="approval_hook.E004"))
        for node, path in prove(binding.flow_class).gaps.items():
            text = f"{name}: {node} can be reached around the credit gate: {' -> '.join(path)}."
            problems.append(checks.Error(text, id="approval_hook.E005"))
    return problems


def check_middleware(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """W006 held cases would answer a bare 403, E007 Viewflow needs request.user, W008 unsafe lock."""
    from viewflow.workflow.lock import no_lock

    from approval_hook.hosts.viewflow.injection import bindings

    problems: list[checks.CheckMessage] = []
    if _MIDDLEWARE not in settings.MIDDLEWARE:
        problems.append(checks.Warning(f"{_MIDDLEWARE} is not in MIDDLEWARE.", id="approval_hook.W006"))
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
    """E009 a trigger is missing, E010 the list of protected nodes is out of date."""
    from approval_hook import triggers
    from approval_hook.models import ProtectedNode

    problems: list[checks.CheckMessage] = []
    for alias in databases or ():
        if ProtectedNode._meta.db_table not in connections[alias].introspection.table_names():
            continue  # not migrated yet
        try:
            missing = set(triggers.expected(alias)) - {name for name, _ in triggers.installed(alias)}
            stale = set(ProtectedNode.objects.using(alias).values_list("pk", flat=True)) != triggers.protected_refs()
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
                    f"{alias}: the list of protected nodes is out of date.", hint=hint, id="approval_hook.E010"
                )
            )
    return problems
