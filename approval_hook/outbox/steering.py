"""What a supervisor does about deliveries that nobody repeats by himself, and what time does to the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from approval_hook import clock
from approval_hook.conf import conf
from approval_hook.errors import CaseInvalid
from approval_hook.logs import get_logger
from approval_hook.models import Outgoing, OutgoingAct
from approval_hook.settling import stated

#: Rows erased in one go, so that no pass of the runner takes long.
_AT_ONCE = 500


def retry(rows: QuerySet[Outgoing], number: int, user: Any, text: str) -> None:
    """Have one delivered again under the same key, with as many attempts as a new one.

    Args:
        rows: what the person may see.
        number: of the row.
        user: who has it done.
        text: why, in words.

    Raises:
        CaseInvalid: nothing was said, or it does not wait for a person.
    """
    again = {"state": Outgoing.State.WAITING, "attempts": 0, "next_try_at": clock.now(), "closed_at": None}
    _act(rows, number, user, stated("原因", text), OutgoingAct.What.RETRIED, again)


def close(rows: QuerySet[Outgoing], number: int, user: Any, text: str) -> None:
    """Leave one undelivered, or take it for delivered because somebody asked the receiver; as ``retry``."""
    closed = {"state": Outgoing.State.CANCELLED, "next_try_at": None, "closed_at": clock.now()}
    _act(rows, number, user, stated("原因", text), OutgoingAct.What.CLOSED, closed)


def _act(
    rows: QuerySet[Outgoing], number: int, user: Any, text: str, what: OutgoingAct.What, change: dict[str, Any]
) -> None:
    row = rows.filter(pk=number).first()
    with transaction.atomic():
        mine = Outgoing.objects.filter(pk=number, fence=row.fence) if row is not None else Outgoing.objects.none()
        if row is not None and what is OutgoingAct.What.RETRIED and row.state == Outgoing.State.UNKNOWN:
            change = change | {"state": Outgoing.State.UNKNOWN}  # it may have arrived already
        if row is None or not row.waits_for_a_person or not mine.update(fence=row.fence + 1, **change):
            raise CaseInvalid("待发送", "这一项已不在等待人工处理，或者不在您的权限之内。", "请刷新页面查看最新情况。")
        if what is OutgoingAct.What.RETRIED and row.sealed is None:
            raise CaseInvalid(
                "待发送", "这一项的内容已过保存期并删除，不能再发送。", "请重新登记后发送，或选择不再发送。"
            )
        OutgoingAct.objects.create(outgoing=row, fence=row.fence + 1, what=what, by=user.get_username(), text=text)
    get_logger().info("delivery steered", row=number, what=what.value)


def erase_old() -> int:
    """Forget the content of what was closed ``OUTBOX_DAYS`` ago; rows and acts stay. How many."""
    now = clock.now()
    old = Outgoing.objects.filter(erased_at=None, closed_at__lt=now - timedelta(days=conf().outbox_days))
    chosen = list(old.order_by("closed_at").values_list("pk", flat=True)[:_AT_ONCE])
    if not chosen:
        return 0
    return Outgoing.objects.filter(pk__in=chosen, closed_at__isnull=False).update(
        sealed=None, receiver="", erased_at=now
    )
