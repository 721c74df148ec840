"""Decisions, cases and reports as plain JSON, for storage, digests and replay.

The forms carry no identifier and no name, because the types they come from carry none.
Round trips are exact: reading what was written gives an equal value.

Source: RFC 8785 for the canonical bytes; our values are strings, integers, booleans,
null, arrays and objects, so sorting keys by code unit and writing without spaces is all of it.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from approval_hook.errors import CaseInvalid
from approval_hook.policy.case import CaseView
from approval_hook.policy.decision import Decision
from approval_hook.policy.records import CreditReport

T = TypeVar("T")
Json = dict[str, Any]


def decision_to_json(decision: Decision) -> Json:
    """A decision as a JSON object."""
    return _object(decision)


def decision_from_json(data: Mapping[str, Any]) -> Decision:
    """A stored decision.

    Raises:
        CaseInvalid: the stored object does not have exactly this form; do not rely on it.
    """
    return _read(Decision, data, "decision")


def case_to_json(case: CaseView) -> Json:
    """A case as a JSON object."""
    return _object(case)


def case_from_json(data: Mapping[str, Any]) -> CaseView:
    """A stored case.

    Raises:
        CaseInvalid: the stored object does not have exactly this form; do not rely on it.
    """
    return _read(CaseView, data, "case")


def reports_to_json(reports: Sequence[CreditReport]) -> list[Json]:
    """Reports as a JSON array, in the given order."""
    return [_object(report) for report in reports]


def reports_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[CreditReport, ...]:
    """Stored reports.

    Raises:
        CaseInvalid: a stored object does not have exactly this form; do not rely on it.
    """
    return tuple(_read(CreditReport, item, f"reports[{i}]") for i, item in enumerate(data))


def canonical_bytes(obj: object) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8.

    Raises:
        CaseInvalid: the value holds a float, which has no stable form here, or something that is not JSON.

    >>> canonical_bytes({"b": 1, "a": ["甲", None]}).decode()
    '{"a":["甲",null],"b":1}'
    """
    return json.dumps(_plain(obj, "$"), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _plain(value: object, place: str) -> object:
    if value is None or isinstance(value, bool | int) or type(value) is str:
        return value
    if isinstance(value, list | tuple):
        return [_plain(v, f"{place}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, Mapping) and all(type(k) is str for k in value):
        # RFC 8785 sorts by UTF-16 code units, which differs from code points beyond the BMP.
        return {k: _plain(value[k], f"{place}.{k}") for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    raise CaseInvalid("记录", f"{place} 不能写成规范 JSON。", "只能用文字、整数、布尔、空值、数组和对象。")


def _object(value: object) -> Json:
    written = _write(value)
    if not isinstance(written, dict):
        raise TypeError("only records are written as objects")
    return written


def _write(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _write(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [_write(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _malformed(place: str) -> CaseInvalid:
    return CaseInvalid("记录", f"存档记录的 {place} 格式不符。", "该记录不可采信，请重新核查。")


def _read(cls: type[T], data: object, place: str) -> T:
    hints = _hints(typing.cast(Hashable, cls))
    if not isinstance(data, Mapping) or set(data) != set(hints):
        raise _malformed(place)
    return cls(**{name: _value(hint, data[name], f"{place}.{name}") for name, hint in hints.items()})


def _value(hint: Any, data: object, place: str) -> object:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(a for a in typing.get_args(hint) if a is not type(None))
        return None if data is None else _value(inner, data, place)
    if origin is tuple:
        if not isinstance(data, list | tuple):
            raise _malformed(place)
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item, f"{place}[{i}]") for i, item in enumerate(data))
    if is_dataclass(hint) and isinstance(hint, type):
        return _read(hint, data, place)
    try:
        if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(data)
        if hint in (date, datetime) and isinstance(data, str):
            return hint.fromisoformat(data)
    except ValueError:
        raise _malformed(place) from None
    # bool is an int to isinstance, so types are compared exactly.
    if type(data) is not hint:
        raise _malformed(place)
    return data
