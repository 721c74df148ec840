"""The settings dict ``APPROVAL_HOOK``, read at call time into a frozen, typed object.

Shape (RULES, PLATFORMS, DIGEST_SECRET and FIELD_SECRET are required)::

    APPROVAL_HOOK = {
        "RULES": "fixtures/rules/guangdong",       # folder of dated rule files
        "PLATFORMS": {
            "province": {
                "BACKEND": "adapters.gateway.GatewayPlatform",
                "OPTIONS": {"base_url": "https://...", "paasid": "...", "token_secret": "NAME"},
                "LIMITS": {
                    "AT_ONCE": 4, "PER_DAY": 10_000, "PER_MINUTE": 120, "RESERVE": 0.2,
                    "BREAKER": {"FAILURES": 5, "SECONDS": 30},
                    "MAINTENANCE": [("Sun 02:00", "Sun 04:00")],   # weekly, China time
                },
                "REUSE_MINUTES": 30,               # within one case
                "CALLBACK": {"SECRET": "NAME", "TOLERANCE": 300, "PER_MINUTE": 60},
            },
        },
        "CHANNELS": {                              # ways to applicants; "default" is the page of the case
            "sms": {"BACKEND": "adapters.sms_gateway.SmsGateway", "OPTIONS": {...}, "TIMEOUT": 10},
        },
        "FEEDBACK": {"province": {"BACKEND": "...", "OPTIONS": {...}}},      # who takes feedback
        "PUBLICATION": {"city": {"BACKEND": "...", "OPTIONS": {...}}},       # who takes rows for publication
        "OUTBOX_DAYS": 365,                        # after so many what was delivered is erased
        "LISTS": {                                 # lists that the mirror holds, by source
            "court": {
                "MAX_AGE_HOURS": {"court_defaulter": 48}, "KEEP": 2, "LEAST_SHARE": 0.5,
                "BACKEND": "...", "OPTIONS": {...},
            },
        },
        "FLOWS": {
            "licensing.flows.FoodFlow": {
                "matter": "food-business", "facts": "licensing.credit.food_facts",
                "protects": ["decide"], "accepts": ["accept"],
                "issues": ["deliver"], "mode": "enforce",
            },
        },
        "EXPECTED_MATTERS": ["food-business"],     # each must be served by a flow with a gate
        "NOT_GATED": {"licensing.flows.LeaveFlow": "内部请假，非行政许可"},
        "RENAMED": {"licensing.flows.FoodFlow": {"decide": "decision"}},   # node's old name: its name now
        "MOVED": {"licensing.flows.FoodFlow": "licensing.flows.food.FoodFlow"},   # flow's old path: its path now
        "DIGEST_SECRET": "NAME", "FIELD_SECRET": "NAME",   # names of secrets, never secrets
        "SECRETS_DIR": "/run/secrets",
        "INTERACTIVE_SECONDS": 2.0,
        "EMERGENCY_HOURS": 24,                     # longest emergency release
        "RECHECK_WORKDAYS": 5,                     # an owed re-check is overdue after so many
    }

An option that ends in ``_secret`` names a secret; the backend gets its value without
the suffix. A secret is an environment variable, else a file of that name.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from django.conf import settings

from approval_hook.errors import ConfigurationError
from approval_hook.limits import WEEKDAYS, Budget, Limits, Window
from approval_hook.spec import Mode, mode_named

T = TypeVar("T")

_REQUIRED = {"RULES", "PLATFORMS", "DIGEST_SECRET", "FIELD_SECRET"}
_OPTIONAL = {
    "LISTS",
    "CHANNELS",
    "FEEDBACK",
    "PUBLICATION",
    "OUTBOX_DAYS",
    "FLOWS",
    "EXPECTED_MATTERS",
    "NOT_GATED",
    "RENAMED",
    "MOVED",
    "SECRETS_DIR",
    "INTERACTIVE_SECONDS",
    "EMERGENCY_HOURS",
    "RECHECK_WORKDAYS",
}
#: Where a message goes that names no channel, unless the settings say otherwise.
_DEFAULT_CHANNEL = {"default": {"BACKEND": "approval_hook.channels.page.PageChannel"}}
#: Seconds that one delivery may take at most; well within the lease of what is delivered.
_LONGEST_DELIVERY = 60.0
#: An emergency that lasts longer is no emergency.
_MOST_EMERGENCY_HOURS = 72
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_LIMITS = {"AT_ONCE", "BREAKER", "PER_DAY", "PER_MINUTE", "RESERVE", "MAINTENANCE"}
_LIST_REQUIRED, _LIST_OPTIONAL = {"MAX_AGE_HOURS"}, {"BACKEND", "OPTIONS", "KEEP", "LEAST_SHARE"}
_MOMENT = re.compile(rf"({'|'.join(WEEKDAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])")
_FLOW_REQUIRED = {"matter", "facts", "protects"}
_FLOW_OPTIONAL = {"accepts", "issues", "inside", "mode"}


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """How a source may tell that an answer is ready.

    Attributes:
        secret: name of the secret that signs.
        tolerance: seconds by which its clock may differ from ours.
        per_minute: most call-backs taken in any 60 seconds, in one process.
    """

    secret: str
    tolerance: float
    per_minute: int


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """One configured source: dotted path of its class, its keyword options, its limits and its call-backs, if any.

    ``reuse_minutes`` is how old an answer may be that serves the same case once more; 0 is never.
    """

    name: str
    backend: str
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits | None = None
    callback: CallbackSettings | None = None
    reuse_minutes: int = 0


@dataclass(frozen=True, slots=True)
class ListSettings:
    """The lists of one source that the mirror holds: how old each may grow, and where they come from."""

    name: str
    max_age: Mapping[str, timedelta]  # by list type
    keep: int  # whole editions kept of each list, the one in use included
    least_share: float  # of the rows in use; an edition that leaves fewer needs a person's word
    backend: str = ""  # dotted path of a ListSource; empty: loaded from files only
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """One receiver of the outbox: dotted path of its class, its options, and seconds that a delivery may take."""

    name: str
    backend: str
    options: Mapping[str, Any]
    timeout: float


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """One flow to inject into, by dotted paths."""

    flow: str
    matter: str
    facts: str
    protects: tuple[str, ...]
    accepts: tuple[str, ...]
    issues: tuple[str, ...]
    inside: bool
    mode: Mode


@dataclass(frozen=True, slots=True)
class Conf:
    """The settings of the gate."""

    rules: Path
    platforms: Mapping[str, PlatformSettings]
    lists: Mapping[str, ListSettings]
    channels: Mapping[str, TargetSettings]
    feedback: Mapping[str, TargetSettings]
    publication: Mapping[str, TargetSettings]
    outbox_days: int
    flows: tuple[FlowSettings, ...]
    expected_matters: tuple[str, ...]
    not_gated: Mapping[str, str]
    renamed: Mapping[str, Mapping[str, str]]
    moved: Mapping[str, str]
    digest_secret: str
    field_secret: str
    secrets_dir: Path | None
    interactive_seconds: float
    emergency_hours: int
    recheck_workdays: int

    def secret(self, name: str) -> str:
        """Value of a secret.

        Raises:
            ConfigurationError: neither an environment variable nor a file holds it.
        """
        value = os.environ.get(name)
        if value:
            return value
        if self.secrets_dir is not None and _SECRET_NAME.fullmatch(name):
            path = self.secrets_dir / name
            if path.is_file():
                return path.read_text(encoding="utf-8").strip()
        # A name that looks like a value may be the secret itself, pasted by mistake.
        shown = name if _SECRET_NAME.fullmatch(name) else "(not a name)"
        raise ConfigurationError(f"The secret {shown} is set neither in the environment nor in SECRETS_DIR.")


_cached: tuple[Any, Conf] | None = None


def conf() -> Conf:
    """The settings in force.

    Raises:
        ConfigurationError: a key is missing, unknown or of the wrong shape.
    """
    global _cached
    source = getattr(settings, "APPROVAL_HOOK", None)
    if _cached is not None and _cached[0] is source:
        return _cached[1]
    parsed = _parse(source)
    _cached = (source, parsed)
    return parsed


def _parse(source: Any) -> Conf:
    if source is None:
        raise ConfigurationError("settings.APPROVAL_HOOK is missing; see docs/howto/inject.md.")
    if not isinstance(source, Mapping):
        raise ConfigurationError(f"settings.APPROVAL_HOOK must be a dict, not {type(source).__name__}.")
    _keys(source, "settings.APPROVAL_HOOK", _REQUIRED, _OPTIONAL)
    secrets_dir = source.get("SECRETS_DIR")
    return Conf(
        rules=Path(_text(str(source["RULES"] or ""), "RULES")),
        platforms=MappingProxyType({n: _platform(n, p) for n, p in _mapping(source["PLATFORMS"], "PLATFORMS").items()}),
        lists=MappingProxyType({n: _list(n, v) for n, v in _mapping(source.get("LISTS", {}), "LISTS").items()}),
        channels=_targets(_DEFAULT_CHANNEL | dict(_mapping(source.get("CHANNELS", {}), "CHANNELS")), "CHANNELS"),
        feedback=_targets(source.get("FEEDBACK", {}), "FEEDBACK"),
        publication=_targets(source.get("PUBLICATION", {}), "PUBLICATION"),
        outbox_days=_count(source.get("OUTBOX_DAYS", 365), "OUTBOX_DAYS"),
        flows=tuple(_flow(n, f) for n, f in _mapping(source.get("FLOWS", {}), "FLOWS").items()),
        expected_matters=_names(source.get("EXPECTED_MATTERS", ()), "EXPECTED_MATTERS", "matter codes"),
        not_gated=MappingProxyType(
            {n: _reason(n, r) for n, r in _mapping(source.get("NOT_GATED", {}), "NOT_GATED").items()}
        ),
        renamed={n: _renamed(n, r) for n, r in _mapping(source.get("RENAMED", {}), "RENAMED").items()},
        moved=_pairs(source.get("MOVED", {}), "MOVED"),
        digest_secret=_text(source["DIGEST_SECRET"], "DIGEST_SECRET"),
        field_secret=_text(source["FIELD_SECRET"], "FIELD_SECRET"),
        secrets_dir=Path(secrets_dir) if secrets_dir else None,
        interactive_seconds=_seconds(source.get("INTERACTIVE_SECONDS", 2.0), "INTERACTIVE_SECONDS"),
        emergency_hours=_hours(source.get("EMERGENCY_HOURS", 24), "EMERGENCY_HOURS"),
        recheck_workdays=_count(source.get("RECHECK_WORKDAYS", 5), "RECHECK_WORKDAYS"),
    )


def _keys(data: Mapping[Any, Any], where: str, required: set[str], optional: set[str]) -> None:
    known = required | optional
    unknown, missing = sorted(map(str, set(data) - known)), sorted(required - set(data))
    if not unknown and not missing:
        return
    found = [f"unknown keys {unknown}"] * bool(unknown) + [f"missing keys {missing}"] * bool(missing)
    near = {key: match[0] for key in unknown if (match := get_close_matches(key, known, n=1))}
    meant = "".join(f" Did you mean {new!r} for {old!r}?" for old, new in near.items())
    raise ConfigurationError(f"{where}: {', '.join(found)}.{meant} The keys are {', '.join(sorted(known))}.")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a dict.")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a non-empty text.")
    return value


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (0 < value < math.inf):
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a number of seconds above 0.")
    return float(value)


def _reason(flow: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(
            f"APPROVAL_HOOK['NOT_GATED'][{flow!r}] must say why the flow is no licensing flow, and on what basis."
        )
    return value.strip()


def _truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be True or False.")
    return value


def _hours(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_EMERGENCY_HOURS:
        raise ConfigurationError(
            f"APPROVAL_HOOK[{where!r}] must be a whole number of hours from 1 to {_MOST_EMERGENCY_HOURS}."
        )
    return value


def _names(value: Any, where: str, of: str = "node names") -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable) or not all(isinstance(v, str) for v in value):
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a list of {of}.")
    return tuple(value)


def _platform(name: str, value: Any) -> PlatformSettings:
    where = f"PLATFORMS.{name}"
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", {"BACKEND"}, {"OPTIONS", "LIMITS", "CALLBACK", "REUSE_MINUTES"})
    options = _options(data, where)
    limits = _limits(data["LIMITS"], where + ".LIMITS") if "LIMITS" in data else None
    callback = _callback(data["CALLBACK"], where + ".CALLBACK") if "CALLBACK" in data else None
    reuse = _count(data["REUSE_MINUTES"], where + ".REUSE_MINUTES") if "REUSE_MINUTES" in data else 0
    return PlatformSettings(name, _text(data.get("BACKEND"), where + ".BACKEND"), options, limits, callback, reuse)


def _options(data: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    options = MappingProxyType(dict(_mapping(data.get("OPTIONS", {}), where + ".OPTIONS")))
    for key, option in options.items():
        if key.endswith("_secret"):
            _text(option, f"{where}.OPTIONS.{key}")
    return options


def _list(name: str, value: Any) -> ListSettings:
    where = f"LISTS.{name}"
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", _LIST_REQUIRED, _LIST_OPTIONAL)
    ages = _mapping(data["MAX_AGE_HOURS"], where + ".MAX_AGE_HOURS")
    if not ages:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] names no list.")
    return ListSettings(
        name=name,
        max_age=MappingProxyType(
            {k: timedelta(hours=_count(v, f"{where}.MAX_AGE_HOURS.{k}")) for k, v in ages.items()}
        ),
        keep=_count(data.get("KEEP", 2), where + ".KEEP"),
        least_share=_least_share(data.get("LEAST_SHARE", 0.5), where + ".LEAST_SHARE"),
        backend=_text(data["BACKEND"], where + ".BACKEND") if "BACKEND" in data else "",
        options=_options(data, where),
    )


def _least_share(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a share above 0 and at most 1.")
    return float(value)


def _targets(value: Any, where: str) -> Mapping[str, TargetSettings]:
    return MappingProxyType({name: _target(name, v, f"{where}.{name}") for name, v in _mapping(value, where).items()})


def _target(name: str, value: Any, where: str) -> TargetSettings:
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", {"BACKEND"}, {"OPTIONS", "TIMEOUT"})
    timeout = _seconds(data.get("TIMEOUT", 10), where + ".TIMEOUT")
    if timeout > _LONGEST_DELIVERY:
        raise ConfigurationError(f"APPROVAL_HOOK[{where + '.TIMEOUT'!r}] is at most {_LONGEST_DELIVERY:.0f} seconds.")
    return TargetSettings(name, _text(data["BACKEND"], where + ".BACKEND"), _options(data, where), timeout)


def _callback(value: Any, where: str) -> CallbackSettings:
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", {"SECRET"}, {"TOLERANCE", "PER_MINUTE"})
    return CallbackSettings(
        secret=_text(data["SECRET"], where + ".SECRET"),
        tolerance=_seconds(data.get("TOLERANCE", 300), where + ".TOLERANCE"),
        per_minute=_count(data.get("PER_MINUTE", 60), where + ".PER_MINUTE"),
    )


def _limits(value: Any, where: str) -> Limits:
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", set(), _LIMITS)
    if not data or ("RESERVE" in data and not {"PER_DAY", "PER_MINUTE"} & set(data)):
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] limits nothing; RESERVE needs PER_DAY or PER_MINUTE.")

    def read(key: str, parse: Callable[[Any, str], T], missing: T) -> T:
        return parse(data[key], f"{where}.{key}") if key in data else missing

    share = read("RESERVE", _share, 0.0)
    no_breaker: tuple[int | None, float] = (None, 0.0)
    failures, pause_seconds = read("BREAKER", _breaker, no_breaker)
    return Limits(
        at_once=read("AT_ONCE", _count, None),
        failures=failures,
        pause_seconds=pause_seconds,
        per_day=read("PER_DAY", partial(_budget, share), None),
        per_minute=read("PER_MINUTE", partial(_budget, share), None),
        maintenance=read("MAINTENANCE", _windows, ()),
    )


def _share(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a share of at least 0 and below 1.")
    return value


def _breaker(value: Any, where: str) -> tuple[int | None, float]:
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", {"FAILURES", "SECONDS"}, set())
    return _count(data["FAILURES"], where + ".FAILURES"), _seconds(data["SECONDS"], where + ".SECONDS")


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a whole number of at least 1.")
    return value


def _budget(share: float, value: Any, where: str) -> Budget:
    most = _count(value, where)
    reserve = math.ceil(round(most * share, 6))  # 100 * 0.07 is a little more than 7
    if reserve == most:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}]: RESERVE leaves nothing of {most} for acceptance.")
    return Budget(most, reserve)


def _windows(value: Any, where: str) -> tuple[Window, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}] must be a list of windows.")
    return tuple(_window(window, where) for window in value)


def _window(value: Any, where: str) -> Window:
    moments = value if isinstance(value, list | tuple) else ()
    found = [_MOMENT.fullmatch(m) if isinstance(m, str) else None for m in moments]
    minutes = [(WEEKDAYS.index(m[1]) * 24 + int(m[2])) * 60 + int(m[3]) for m in found if m is not None]
    if len(moments) != 2 or len(set(minutes)) != 2:
        raise ConfigurationError(
            f"APPROVAL_HOOK[{where!r}]: a window is a begin and another end in China time, such as "
            f"('Sat 23:30', 'Sun 04:00'), not {value!r}."
        )
    return Window(*minutes)


def _renamed(path: str, value: Any) -> Mapping[str, str]:
    return _pairs(value, f"RENAMED.{path}")


def _pairs(value: Any, where: str) -> Mapping[str, str]:
    found = {_text(old, where): _text(new, f"{where}.{old}") for old, new in _mapping(value, where).items()}
    return MappingProxyType(found)


def _flow(path: str, value: Any) -> FlowSettings:
    where = f"FLOWS.{path}"
    data = _mapping(value, where)
    _keys(data, f"APPROVAL_HOOK[{where!r}]", _FLOW_REQUIRED, _FLOW_OPTIONAL)
    protects = _names(data["protects"], where + ".protects")
    if not protects:
        raise ConfigurationError(f"APPROVAL_HOOK[{where!r}]: 'protects' names no node; there is no off switch.")
    return FlowSettings(
        flow=path,
        matter=_text(data["matter"], where + ".matter"),
        facts=_text(data["facts"], where + ".facts"),
        protects=protects,
        accepts=_names(data.get("accepts", ()), where + ".accepts"),
        issues=_names(data.get("issues", ()), where + ".issues"),
        inside=_truth(data.get("inside", False), where + ".inside"),
        mode=mode_named(data.get("mode", Mode.ENFORCE), f"APPROVAL_HOOK[{where + '.mode'!r}]"),
    )
