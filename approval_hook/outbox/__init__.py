"""The outbox: what must reach somebody is a row in the transaction of its cause, and is delivered later.

``enqueue``, ``enqueue_feedback`` and ``enqueue_publication`` add to it, ``cancel`` takes back what has not left,
``messages_for`` is what the page of a case shows. ``deliver_due`` and ``Carriers`` deliver (docs/decisions/0017)::

    with transaction.atomic():
        decision.save()
        facts = {"case_no": ..., "matter": ..., "organ": ..., "decided_on": ...}
        enqueue(f"decision:{decision.pk}", Message(template="decision-made", facts=facts), host_key=..., case_no=...)
"""

from approval_hook.outbox.delivering import Carriers, deliver_due
from approval_hook.outbox.standing import LEFT, Standing, standings
from approval_hook.outbox.steering import close, erase_old, retry
from approval_hook.outbox.targets import Target, targets
from approval_hook.outbox.writing import (
    Message,
    Shown,
    cancel,
    enqueue,
    enqueue_feedback,
    enqueue_publication,
    messages_for,
)

__all__ = [
    "LEFT",
    "Carriers",
    "Message",
    "Shown",
    "Standing",
    "Target",
    "cancel",
    "close",
    "deliver_due",
    "enqueue",
    "enqueue_feedback",
    "enqueue_publication",
    "erase_old",
    "messages_for",
    "retry",
    "standings",
    "targets",
]
