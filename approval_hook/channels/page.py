"""The channel that is always there: the message stands on the page of the case."""

from __future__ import annotations

from approval_hook.errors import CaseInvalid
from approval_hook.ports import ItemOutcome, ItemState, Letter


class PageChannel:
    """Sends nothing: what stands in the outbox for it is read by ``outbox.messages_for``."""

    remote = False
    idempotent = True

    def __init__(self, name: str) -> None:
        """Nothing is needed.

        Args:
            name: of the channel.
        """
        self.name = name

    def addressed(self, letter: Letter) -> str:
        """The page belongs to the case, so nobody is to be named.

        Raises:
            CaseInvalid: somebody is.
        """
        if letter.to:
            raise CaseInvalid("收件人", "办件页面的消息不填收件人。", "请把收件人留空，或改用短信、电子邮件渠道。")
        return ""

    def send(self, letter: Letter, *, timeout: float) -> ItemOutcome:
        """It is there already."""
        return ItemOutcome(letter.letter_id, ItemState.ACCEPTED)
