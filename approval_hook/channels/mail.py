"""Messages by e-mail, through Django's own mail.

A mail server answers that it took a mail, and no more: who receives it may still drop it. No server promises to take
one Message-ID once, so a mail that may have been taken is not sent again by itself.
"""

from __future__ import annotations

import hashlib
from smtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email

from approval_hook.errors import CaseInvalid, ConfigurationError, PlatformRefused, PlatformUnavailable
from approval_hook.ports import ItemOutcome, ItemState, Letter

#: SMTP: from here on an answer means never (RFC 5321, 4.2.1).
_NEVER = 500


class EmailChannel:
    """Sends by the mail server of the Django settings."""

    remote = True
    idempotent = False

    def __init__(self, name: str, from_email: str, *, backend: str | None = None) -> None:
        """Prepare; nothing is sent.

        Args:
            name: of the channel.
            from_email: address of the organ that sends.
            backend: dotted path of a Django mail backend; the one of the settings when not given.

        Raises:
            ConfigurationError: the address is none.
        """
        self.name = name
        try:
            validate_email(from_email)
        except ValidationError:
            raise ConfigurationError(f"Channel {name}: from_email is no e-mail address.") from None
        self._from = from_email
        self._domain = from_email.rpartition("@")[2]
        self._backend = backend

    def addressed(self, letter: Letter) -> str:
        """The address with its first character and its domain shown."""
        try:
            validate_email(letter.to)
        except ValidationError:
            raise CaseInvalid("电子邮箱", "电子邮箱的写法有误。", "请核对后重新填写，例如 name@example.cn。") from None
        return f"{letter.to[:1]}•••@{letter.to.rpartition('@')[2]}"

    def send(self, letter: Letter, *, timeout: float) -> ItemOutcome:
        """Send one mail; as ``ports.Channel``. ``timeout`` holds for each answer of the server."""
        mail = EmailMessage(
            letter.subjects[letter.language],
            letter.texts[letter.language],
            self._from,
            [letter.to],
            headers={"Message-ID": self._message_id(letter.letter_id)},
        )
        line = get_connection(self._backend, fail_silently=False, timeout=timeout)
        self._connect(line)
        try:
            sent = line.send_messages([mail])
        except (OSError, SMTPException) as error:
            return self._failed(letter, error)
        finally:
            line.close()
        return ItemOutcome(letter.letter_id, ItemState.ACCEPTED if sent else ItemState.UNKNOWN)

    def _connect(self, line: BaseEmailBackend) -> None:
        refused = False
        try:
            line.open()
        except (OSError, SMTPException) as error:
            refused = isinstance(error, SMTPAuthenticationError)
        else:
            return
        # Raised outside the handler: a server's answer may repeat what it was told.
        if refused:
            raise PlatformRefused(f"{self.name}: the mail server does not accept our credentials.")
        raise PlatformUnavailable(f"{self.name}: no connection to the mail server.", sent=False)

    def _failed(self, letter: Letter, error: Exception) -> ItemOutcome:
        """What a failure after the connection says; only an answer of the server proves that the mail was not taken."""
        codes = [code for code, _ in error.recipients.values()] if isinstance(error, SMTPRecipientsRefused) else []
        codes += [error.smtp_code] if isinstance(error, SMTPResponseException) else []
        if not codes:
            return ItemOutcome(letter.letter_id, ItemState.UNKNOWN, "connection-cut")
        if all(code >= _NEVER for code in codes):
            return ItemOutcome(letter.letter_id, ItemState.REFUSED, "mail-refused")
        raise PlatformUnavailable(f"{self.name}: the mail server asks to try later.", sent=False) from None

    def _message_id(self, letter_id: str) -> str:
        return f"<{hashlib.sha256(letter_id.encode()).hexdigest()[:32]}@{self._domain}>"
