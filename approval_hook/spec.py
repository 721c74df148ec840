"""``Gate``: which flow steps are protected, for which matter, with which facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from approval_hook.errors import ConfigurationError
from approval_hook.policy.case import CaseFacts


class Mode(StrEnum):
    """What a gate does about a case that its record does not permit. There is no third way, and none is off."""

    ENFORCE = "enforce"  # hold it
    OBSERVE = "observe"  # let it pass, record that it would have been held, and alarm


@dataclass(frozen=True, slots=True)
class Gate:
    """Where the credit check stands in one flow. A value: equal gates are interchangeable.

    Attributes:
        matter: matter code of the rule set, e.g. ``"food-business"``.
        facts: maps the host's own process object to ``CaseFacts``; called afresh
            whenever the facts matter, so it must read, never cache.
        protects: names of the nodes whose execution *is* the decision; each is held
            until a valid record permits it.
        accepts: names of the acceptance nodes; before them the check sets the channel
            and never holds.
        issues: names of the nodes whose execution issues or delivers the licence; the record is read
            once more there, and nothing is held.
        inside: True where the check is to be part of the protected step instead of a node before it: it is asked
            when the step's task is made, and the guard holds the step. Nothing of it shows on the chart.
        mode: ``"enforce"``, or ``"observe"`` for a flow that is to be watched before its cases are held.
    """

    matter: str
    facts: Callable[[Any], CaseFacts]
    protects: tuple[str, ...]
    accepts: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    inside: bool = False
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        """Take any list of names, and refuse a bare text, whose letters would pass for names."""
        for field in ("protects", "accepts", "issues"):
            names = getattr(self, field)
            if isinstance(names, str):
                raise ConfigurationError(f"Gate.{field} must be a list of node names, not the text {names!r}.")
            object.__setattr__(self, field, tuple(names))
        if not isinstance(self.inside, bool):
            raise ConfigurationError(f"Gate.inside must be True or False, not {self.inside!r}.")
        object.__setattr__(self, "mode", mode_named(self.mode, "Gate.mode"))

    @property
    def observes(self) -> bool:
        """True when nothing of this flow is held."""
        return self.mode is Mode.OBSERVE


def mode_named(value: object, where: str) -> Mode:
    """The mode of this name.

    Raises:
        ConfigurationError: there is no such mode.
    """
    if not isinstance(value, str) or value not in {str(mode) for mode in Mode}:
        raise ConfigurationError(f"{where} must be 'enforce' or 'observe', not {value!r}; there is no off switch.")
    return Mode(value)
