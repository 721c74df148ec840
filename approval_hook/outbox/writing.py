"""Add to the outbox, in the transaction of the cause, and take back what has not left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import router, transaction
from django.db.models import F
from msgspec import Struct

from approval_hook import cases, clock, privacy
from approval_hook.errors import CaseInvalid, ConfigurationError, OutboxConflict
from approval_hook.models import Kind, Outgoing
from approval_hook.outbox.targets import Content, Target, target_of, targets
from approval_hook.policy.messages import filled
from approval_hook.policy.rules import LANGUAGES
from approval_hook.ports import Feedback, Letter, Publication
from approval_hook.statements import insert

_LONGEST_KEY = Outgoing._meta.get_field("key").max_length or 0
_UNIQUE = ("kind", "target", "key")


class Message(Struct, frozen=True, kw_only=True):
    """What is to be said to whom.

    Attributes:
        to: address in the channel's own terms, such as a mobile number; empty for the page of the case.
        template: code of the message in the rule set in force.
        facts: that fill its places; none may be missing.
        language: in which it is sent, ``"zh"`` or ``"en"``; a page shows both.
    """

    template: str
    facts: Mapping[str, str]
    to: str = ""
    language: str = "zh"

    def __repr__(self) -> str:
        return f"Message({self.template})"


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """One message as the page of its case shows it, in both languages; without texts once it was erased."""

    number: int
    template: str
    at: datetime
    subjects: Mapping[str, str]
    texts: Mapping[str, str]


def enqueue(
    key: str,
    message: Message,
    *,
    host_key: str,
    case_no: str,
    channel: str = "default",
    not_before: datetime | None = None,
) -> Outgoing:
    """Have a message sent once the transaction of the caller is committed.

    Args:
        key: names this message for good on this channel; the same again changes nothing.
        message: what is said to whom.
        host_key: the case, as in the evidence.
        case_no: its number.
        channel: a name of ``CHANNELS``.
        not_before: aware; at once when not given.

    Returns:
        The row, new or of before.

    Raises:
        CaseInvalid: the message cannot be sent like this; nothing was added.
        OutboxConflict: the key has another message.
        ConfigurationError: no such channel, or no transaction of the caller.
    """
    target = target_of(Kind.MESSAGE, channel)
    if message.language not in LANGUAGES:
        raise CaseInvalid("语言", "消息的语言应为 zh 或 en。", "请更正后再发送。")
    rules = cases.book().on(clock.today()).rules
    template = rules.message(message.template)
    said = {language: filled(template, message.facts, language, case_no) for language in LANGUAGES}
    letter = Letter(
        letter_id=key,
        to=message.to,
        language=message.language,
        template=template.code,
        revision=rules.revision,
        subjects={language: subject for language, (subject, _) in said.items()},
        texts={language: text for language, (_, text) in said.items()},
        facts=dict(message.facts),
    )
    row = _row(target, key, host_key, case_no, content=template.code, not_before=not_before)
    row.receiver = target.backend.addressed(letter)
    # Of what was asked for: a later rule set may say the same in other words.
    return _put(row, letter, asked=message)


def enqueue_feedback(item: Feedback, *, host_key: str, target: str, not_before: datetime | None = None) -> Outgoing:
    """Have feedback sent to a name of ``FEEDBACK``, under its own id; as ``enqueue``."""
    found = target_of(Kind.FEEDBACK, target)
    row = _row(found, item.feedback_id, host_key, item.case_no, content=item.result.value, not_before=not_before)
    return _put(row, item)


def enqueue_publication(
    item: Publication, *, host_key: str, case_no: str, target: str, not_before: datetime | None = None
) -> Outgoing:
    """Have a row sent to a name of ``PUBLICATION``, under its own id; as ``enqueue``."""
    found = target_of(Kind.PUBLICATION, target)
    row = _row(found, item.item_id, host_key, case_no, content=item.table, not_before=not_before)
    return _put(row, item)


def cancel(key: str, *, target: str, kind: Kind = Kind.MESSAGE, reason: str) -> bool:
    """Take back what has not left, because its cause is gone; False where it left, may have left, or never was.

    Args:
        key: as it was added.
        target: its channel or receiver.
        kind: of what was added.
        reason: short machine word.
    """
    rows = Outgoing.objects.filter(kind=kind, target=target, key=key, state=Outgoing.State.WAITING, leased_until=None)
    closed = {"state": Outgoing.State.CANCELLED, "reason": reason, "next_try_at": None, "closed_at": clock.now()}
    return bool(rows.update(fence=F("fence") + 1, **closed))


def messages_for(case_no: str) -> list[Shown]:
    """What stands on the page of a case, the newest first.

    It does not wait for the runner: what is committed and whose time has come is there.
    """
    pages = [name for (kind, name), target in targets().items() if kind == Kind.MESSAGE and target.is_page]
    rows = Outgoing.objects.filter(case_no=case_no, kind=Kind.MESSAGE, target__in=pages, not_before__lte=clock.now())
    rows = rows.exclude(state=Outgoing.State.CANCELLED).order_by("-not_before", "-pk")
    return [_shown(row) for row in rows]


def _shown(row: Outgoing) -> Shown:
    content = row.opened()
    letter = msgspec.json.decode(content, type=Letter) if content is not None else None
    subjects, texts = (letter.subjects, letter.texts) if letter is not None else ({}, {})
    return Shown(row.pk, row.content, row.not_before, subjects, texts)


def _row(
    target: Target, key: str, host_key: str, case_no: str, *, content: str, not_before: datetime | None
) -> Outgoing:
    if not transaction.get_connection(router.db_for_write(Outgoing)).in_atomic_block:
        raise ConfigurationError("The outbox takes nothing outside of the transaction of its cause.")
    if not 0 < len(key) <= _LONGEST_KEY:
        raise ConfigurationError(f"A key of the outbox has 1 to {_LONGEST_KEY} characters.")
    at = clock.now()
    return Outgoing(
        kind=target.kind,
        target=target.name,
        key=key,
        host_key=host_key,
        case_no=case_no,
        content=content,
        made_at=at,
        not_before=not_before or at,
        next_try_at=not_before or at,
    )


def _put(row: Outgoing, content: Content, asked: Any = None) -> Outgoing:
    same = [row.case_no, row.host_key, content if asked is None else asked]
    row.digest = privacy.digest(msgspec.json.encode(same, order="sorted"))
    row.seal(msgspec.json.encode(content))
    if insert(row, unless=_UNIQUE):
        return row
    known = Outgoing.objects.get(kind=row.kind, target=row.target, key=row.key)
    if known.digest != row.digest:
        raise OutboxConflict
    return known
