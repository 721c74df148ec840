"""Messages to mobile phones, through a gateway that knows its callers as the provincial one does.

``POST /sms/v1/send`` with the headers of ``adapters.signing.TifSigner`` takes one message::

    {"id", "mobile", "signName", "templateId", "parameters": {}}
    {"code": "0", "items": [{"id", "state", "reason", "receiptNo"}]}

The gateway has the texts, approved under its own ``templateId``, and fills them with ``parameters``; ``signName`` is
the sender shown in front. ``code`` is 0 looked at, 3 refused as a whole, 5 our quota is used up, with ``retryAfter`` in
seconds. ``state`` is 1 taken, 2 refused. ``receiptNo`` says that the gateway took the message, not that a phone showed
it. An ``id`` is taken once, so that a repeat is harmless.

Source: design, after the domestic gateways: approved templates, a signature name, a quota of the day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Unpack

from adapters.deadline import Deadline
from adapters.delivery import Tries, deliver, read_outcomes
from adapters.http import HttpClient, HttpOptions, Outgoing
from adapters.signing import TifSigner
from adapters.wire import Fields, parse_object
from approval_hook.errors import CaseInvalid, ConfigurationError, PlatformRefused, PlatformUnavailable
from approval_hook.policy.masking import mask_number
from approval_hook.ports import ItemOutcome, Letter

__all__ = ["SmsGateway"]

_SEND = "sms/v1/send"
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_LOOKED_AT, _REFUSED, _QUOTA = "looked-at", "refused", "quota"
_CODES = {"0": _LOOKED_AT, "3": _REFUSED, "5": _QUOTA}
_LONGEST_WAIT = 7 * 24 * 3600


class SmsGateway:
    """Sends short messages; meets ``approval_hook.ports.Channel``."""

    remote = True
    idempotent = True

    def __init__(
        self,
        name: str,
        base_url: str,
        paasid: str,
        key: str,
        sign_name: str,
        templates: Mapping[str, str],
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            name: of the channel.
            base_url: https, or http to this computer.
            paasid: the caller, as registered at the gateway.
            key: the shared secret itself, resolved by the settings.
            sign_name: sender shown in front of each message, as registered.
            templates: the gateway's template id of each of our messages that goes by this channel.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        if not (paasid and key and sign_name and templates and all(templates.values())):
            raise ConfigurationError(f"Channel {name}: paasid, key, sign_name and templates must be given.")
        self.name = name
        self._http = HttpClient(name, base_url, **http)
        self._signer = TifSigner(paasid, key)
        self._sign_name = sign_name
        self._templates = dict(templates)

    def addressed(self, letter: Letter) -> str:
        """The number with its middle hidden; as ``ports.Channel``."""
        if not _MOBILE.fullmatch(letter.to):
            raise CaseInvalid("手机号码", "手机号码应为 11 位数字。", "请核对后重新填写，不加区号和空格。")
        if letter.template not in self._templates:
            raise CaseInvalid(
                "消息", f"短信渠道没有报备消息模板“{letter.template}”。", "请改用其他渠道，或由管理人员报备后配置。"
            )
        return mask_number(letter.to)

    def send(self, letter: Letter, *, timeout: float) -> ItemOutcome:
        """Send one message; as ``ports.Channel``."""
        deadline = Deadline(timeout)

        def post(part: Sequence[Letter], tries: Tries) -> Mapping[str, ItemOutcome]:
            outgoing = tries.counting(lambda: self._outgoing(letter))
            raw = self._http.post(_SEND, outgoing, deadline=deadline, idempotent=True)
            return self._said(parse_object(raw, self.name), letter.letter_id)

        (outcome,) = deliver(
            [letter], item_id=lambda each: each.letter_id, unfit=self._unfit, post=post, size=1, deadline=deadline
        )
        return outcome

    def close(self) -> None:
        """Close idle connections."""
        self._http.close()

    def _unfit(self, letter: Letter) -> str:
        """A template may have been taken out of the settings since."""
        return "" if letter.template in self._templates else "template-unknown"

    def _outgoing(self, letter: Letter) -> Outgoing:
        document = {
            "id": letter.letter_id,
            "mobile": letter.to,
            "signName": self._sign_name,
            "templateId": self._templates[letter.template],
            "parameters": dict(letter.facts),
        }
        body = json.dumps(document, ensure_ascii=False).encode()
        return body, self._signer.headers(body)

    def _said(self, reply: Fields, letter_id: str) -> Mapping[str, ItemOutcome]:
        match reply.code("code", _CODES):
            case "quota":
                wait = reply.number("retryAfter", least=1, most=_LONGEST_WAIT)
                raise PlatformUnavailable(f"{self.name}: the quota is used up.", retry_after=float(wait), sent=False)
            case "refused":
                raise PlatformRefused(f"{self.name}: the gateway refused the request as a whole.")
        return read_outcomes(reply, [letter_id], self.name)
