"""Settling a case that waits for its credit check: what an officer may do, and what they sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workflows.clerk import credit_bridge

#: Actions that rest on a look-up by hand, which must be named.
EVIDENCE_DEMANDED = "supervisor_releases:"
_IDENTITY = "two_confirm_identity:"

#: Fields of the form by the Chinese name that a refusal gives.
_FIELDS = {"理由": "reason", "依据材料": "evidence", "结论": "action", "确认人": "action", "操作": "action"}


@dataclass(frozen=True, slots=True)
class SettlementSent:
    """A settlement as typed; shown again when it is refused, so that nothing is typed twice."""

    action: str
    reason: str
    evidence: str
    field: str = ""  # "action", "reason", "evidence", or "" for a refusal about none of them
    error: str = ""

    def refused(self, field: str, error: str) -> SettlementSent:
        """The same with the refusal beside its field."""
        return replace(self, field=_FIELDS.get(field, ""), error=error)


@dataclass(frozen=True, slots=True)
class Settling:
    """What may be done about a case that waits for its credit check."""

    choices: list[Any]  # verdicts this officer may give; each needs a reason
    plain: list[Any]  # actions without a reason, such as asking again
    others: list[str]  # who must act, where this officer may not
    voices: list[str]  # what others have said already, one sentence each
    spoken: bool  # this officer has said theirs
    disagreed: bool  # two people said different things
    evidence_demanded: bool


def settling_of(user: Any, panel: Any) -> Settling | None:
    """What the officer may do about the panel's hold; None when nothing waits for a person."""
    if panel is None or panel.primary is None:
        return None
    actions = list(panel.hold.actions) if panel.hold else [panel.primary]
    voices = list(panel.hold.voices) if panel.hold else []
    speakers = set(panel.hold.spoken_by) if panel.hold else set()
    spoken = user.get_username() in speakers
    mine = [
        action
        for action in actions
        if credit_bridge.may_settle(user, action) and not (spoken and action.code.startswith(_IDENTITY))
    ]
    choices = [action for action in mine if action.needs_reason]
    barred = [action for action in actions if not credit_bridge.may_settle(user, action)]
    return Settling(
        choices=choices,
        plain=[action for action in mine if not action.needs_reason],
        others=sorted({action.who for action in barred if action.who}),
        voices=voices,
        spoken=spoken,
        # Two who agree settle the match at once, so two voices on an open match differ.
        disagreed=len(speakers) > 1 and any(action.code.startswith(_IDENTITY) for action in actions),
        evidence_demanded=any(action.code.startswith(EVIDENCE_DEMANDED) for action in choices),
    )
