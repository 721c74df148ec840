"""The one byte form of a value, so that the same content has the same digest (RFC 8785).

Our values are strings, integers, booleans, null, arrays and objects with ASCII keys; floats are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from approval_hook.errors import CaseInvalid


def canonical_bytes(obj: object) -> bytes:
    """The canonical bytes of a JSON value: sorted keys, no spaces, UTF-8.

    Raises:
        CaseInvalid: the value holds a float, which has no stable form here, or something that is not JSON.

    >>> canonical_bytes({"b": 1, "a": ["甲", None]}).decode()
    '{"a":["甲",null],"b":1}'
    """
    return json.dumps(_plain(obj, "$"), ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object, place: str) -> object:
    if value is None or isinstance(value, bool | int) or type(value) is str:
        return value
    if isinstance(value, list | tuple):
        return [_plain(v, f"{place}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, Mapping) and all(type(k) is str for k in value):
        # RFC 8785 sorts by UTF-16 code units, which differs from code points beyond the BMP.
        return {k: _plain(value[k], f"{place}.{k}") for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    raise CaseInvalid("记录", f"{place} 不能写成规范 JSON。", "只能用文字、整数、布尔、空值、数组和对象。")
