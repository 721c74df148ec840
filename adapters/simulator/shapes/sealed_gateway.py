"""The shape that ``adapters.sealed_gateway`` asks: that of the gateway, each document in an SM2/SM4 envelope."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property

from adapters.envelope import SmEnvelope
from adapters.simulator.answers import Reply
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.keys import SmKeys
from adapters.simulator.shapes import Holdings, Question, Wiring
from adapters.simulator.shapes.gateway import GatewayShape
from adapters.sm2 import generate
from approval_hook.errors import PlatformReplyInvalid

__all__ = ["SealedGatewayShape"]

_PREFIX = "/sealed"
_AGE = timedelta(hours=3)


class SealedGatewayShape(GatewayShape):
    """Under the same paths behind ``/sealed``. Faults of fields and bytes are inside the envelope, others outside."""

    paths = tuple(_PREFIX + path for path in GatewayShape.paths)
    status_path = _PREFIX + GatewayShape.status_path
    exchange_paths = tuple(_PREFIX + path for path in GatewayShape.exchange_paths)
    enveloped = True
    wiring = Wiring(
        "sealed",
        "adapters.sealed_gateway.SealedGatewayPlatform",
        {
            "base_url": "{url}" + _PREFIX,
            "paasid": "{caller}",
            "token_secret": "{token_name}",
            "app_code": "{app_code}",
            "sm4_key_secret": "{sm4_name}",
            "private_key_secret": "{sm2_name}",
            "public_key": "{caller_public}",
            "platform_public_key": "{platform_public}",
        },
    )

    def __init__(self, paasid: str, token: str, keys: SmKeys, *, mode: str = "cbc") -> None:
        """Know one caller."""
        super().__init__(paasid, token)
        self._keys = keys
        self._mode = mode

    # Made when they are needed, because each proves its keys by a signature.
    @cached_property
    def _envelope(self) -> SmEnvelope:
        return self._made()

    @cached_property
    def _bent(self) -> dict[FaultKind, SmEnvelope]:
        return {
            FaultKind.FORGED_SIGNATURE: self._made(pair=generate()),
            FaultKind.OLD_TIMESTAMP: self._made(clock=lambda: datetime.now(UTC) - _AGE),
            FaultKind.WRONG_APP_CODE: self._made(app_code="another-app"),
            FaultKind.OTHER_KEY: self._made(sm4_key=secrets.token_hex(16)),
            FaultKind.NOT_ENCRYPTED: self._made(kind=_Naked),
        }

    def read(self, path: str, body: bytes) -> Question | None:
        """``None`` also when the envelope is none of ours."""
        opened = self._opened(body)
        return None if opened is None else super().read(path.rpartition(_PREFIX)[2], opened)

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """The gateway's own check of the headers, then the envelope's."""
        return super().problem(headers, body) or ("" if self._opened(body) is not None else "envelope")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """One page."""
        return self._sealed(super().reply(question, holdings, fault), fault)

    def status(self, fault: Fault | None) -> Reply:
        """Ready, at this moment of the platform's clock."""
        return self._sealed(super().status(fault), fault)

    def exchange(self, path: str, body: bytes, holdings: Holdings, fault: Fault | None) -> Reply:
        """As the gateway exchanges it."""
        opened = self._opened(body)
        if opened is None:
            return self.refusal("malformed")
        return self._sealed(super().exchange(path.rpartition(_PREFIX)[2], opened, holdings, fault), fault)

    def _made(
        self,
        *,
        app_code: str | None = None,
        sm4_key: str | None = None,
        pair: tuple[str, str] | None = None,
        clock: Callable[[], datetime] | None = None,
        kind: type[SmEnvelope] = SmEnvelope,
    ) -> SmEnvelope:
        """The platform's side of the envelope, with something changed."""
        private, public = pair or (self._keys.platform_private, self._keys.platform_public)
        return kind(
            app_code or self._keys.app_code,
            sm4_key=sm4_key or self._keys.sm4,
            private_key=private,
            public_key=public,
            peer_public_key=self._keys.caller_public,
            mode=self._mode,
            clock=clock,
        )

    def _opened(self, body: bytes) -> bytes | None:
        try:
            return self._envelope.open(body, "caller")
        except PlatformReplyInvalid:
            return None

    def _sealed(self, reply: Reply, fault: Fault | None) -> Reply:
        if reply.status != 200 or "json" not in reply.headers.get("Content-Type", ""):
            return reply
        envelope = self._bent.get(fault.kind, self._envelope) if fault else self._envelope
        return Reply(200, envelope.seal(reply.body), reply.headers)


class _Naked(SmEnvelope):
    """An envelope that is right and hides nothing."""

    def hidden(self, document: bytes) -> str:
        """The document itself."""
        return document.decode()
