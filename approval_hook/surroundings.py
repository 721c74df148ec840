"""Start-up checks of what the host brings: databases, time zones, middleware, and the order things stand in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, router
from django.utils.module_loading import import_string

from approval_hook import clock
from approval_hook.workcalendar import differences

_MIDDLEWARE = "approval_hook.hosts.viewflow.middleware.HeldCaseMiddleware"
_AUTHENTICATION = "django.contrib.auth.middleware."
#: Days that a message names; of more only the number is given.
_NAMED = 10


def check_surroundings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E012 evidence would go to another database than the transactions we watch, E013 naive times."""
    from approval_hook.hosts.viewflow.injection import bindings
    from approval_hook.models import Inquiry

    problems: list[checks.CheckMessage] = []
    models = {Inquiry, *(m for b in bindings() for m in (b.flow_class.task_class, b.flow_class.process_class))}
    # Also for reading: a guard that reads a replica believes what the case and its record said a while ago.
    elsewhere = sorted(
        {m._meta.label for m in models for db in (router.db_for_write, router.db_for_read) if db(m) != DEFAULT_DB_ALIAS}
    )
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


def check_calendar(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """W030 two calendars disagree about a working day of this year, the last, or one to come."""
    found = differences(clock.today().replace(month=1, day=1) - timedelta(days=366))
    if not found:
        return []
    named = ", ".join(day.isoformat() for day in found[:_NAMED])
    text = f"The packages chinesecalendar and holidays disagree on {len(found)} days: {named}."
    hint = "Deadlines are counted by chinesecalendar. Compare with the State Council's notice and update the package."
    return [checks.Warning(text, hint=hint, id="approval_hook.W030")]


def check_order(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E026 before authentication, W027 another middleware has the exception first, W028 before the host's own flows."""
    return [*_middleware_order(), *_application_order()]


def _middleware_order() -> list[checks.CheckMessage]:
    order = list(settings.MIDDLEWARE)
    if _MIDDLEWARE not in order:
        return []  # E006
    place = order.index(_MIDDLEWARE)
    problems: list[checks.CheckMessage] = []
    for name in order[place + 1 :]:
        if name.startswith(_AUTHENTICATION):
            text = f"{_MIDDLEWARE} stands before {name} in MIDDLEWARE; it would look up a task for whoever asks."
            problems.append(checks.Error(text, hint="Put it after authentication.", id="approval_hook.E026"))
        elif hasattr(import_string(name), "process_exception"):
            text = f"{name} stands behind {_MIDDLEWARE} and handles exceptions first; held cases may lose their page."
            hint = "Put HeldCaseMiddleware behind it."
            problems.append(checks.Warning(text, hint=hint, id="approval_hook.W027"))
    return problems


def _application_order() -> list[checks.CheckMessage]:
    from approval_hook.hosts.viewflow.injection import bindings

    order = [app.name for app in apps.get_app_configs()]
    homes = {apps.get_containing_app_config(f"{b.flow_class.__module__}.") for b in bindings()}
    late = sorted(app.name for app in homes if app is not None)
    hint = "List approval_hook after the applications whose flows have a gate."
    return [
        checks.Warning(
            f"approval_hook stands before {name} in INSTALLED_APPS: the flows of {name} are imported before it is"
            " ready, and its own templates of the pages for held cases are passed over.",
            hint=hint,
            id="approval_hook.W028",
        )
        for name in late
        if order.index("approval_hook") < order.index(name)
    ]
