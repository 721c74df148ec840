"""Tests and doubles for those who build on this package; part of the product, not a test toy.

For adapter authors ``PlatformContract`` and ``EnvelopedPlatformContract`` with ``FAULTS``, ``ENVELOPE_FAULTS``,
``Received`` and ``make_query``: they need pytest and no Django settings. For flow authors ``ScriptedPlatform`` with
``Script``, ``GateTransactionTestCase``, ``lifted_triggers`` and ``standing_at``: they need Django and no pytest.
So each name is loaded when it is asked for.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from approval_hook.testing.contract import (
        ENVELOPE_FAULTS,
        FAULTS,
        EnvelopedPlatformContract,
        PlatformContract,
        Received,
        make_query,
    )
    from approval_hook.testing.doubles import (
        GateTransactionTestCase,
        Script,
        ScriptedPlatform,
        lifted_triggers,
        standing_at,
    )

__all__ = [
    "ENVELOPE_FAULTS",
    "FAULTS",
    "EnvelopedPlatformContract",
    "GateTransactionTestCase",
    "PlatformContract",
    "Received",
    "Script",
    "ScriptedPlatform",
    "lifted_triggers",
    "make_query",
    "standing_at",
]

_OF_CONTRACT = frozenset(
    {"ENVELOPE_FAULTS", "FAULTS", "EnvelopedPlatformContract", "PlatformContract", "Received", "make_query"}
)

# Before the first import, so that a failing assert of the contract shows its values in a project of any name.
# Where pytest does not run nobody asserts, and it need not be installed.
if (_pytest := sys.modules.get("pytest")) is not None:
    _pytest.register_assert_rewrite(f"{__name__}.contract")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "contract" if name in _OF_CONTRACT else "doubles"
    return getattr(import_module(f"{__name__}.{home}"), name)
