"""A provincial credit platform behind an x-tif gateway that wants every document in an SM2/SM4 envelope.

Questions, answers, feedback, publication and lists are those of ``adapters.gateway``, and so is what proves an
answer. Around each request and each reply with status 200 goes the envelope of ``adapters.envelope``; the x-tif headers
sign the bytes of the envelope. A reply without one, or with one that does not fit, is no answer.

The size limit counts the envelope, which is a little more than twice its document.

Source: domain facts 4.1 (P7, P8).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Unpack

from adapters.envelope import SmEnvelope
from adapters.gateway import GatewayPlatform
from adapters.http import HttpOptions, Outgoing
from approval_hook.errors import ConfigurationError

__all__ = ["SealedGatewayPlatform"]


class SealedGatewayPlatform(GatewayPlatform):
    """Asks the platform behind an x-tif gateway with envelopes."""

    def __init__(
        self,
        name: str,
        base_url: str,
        paasid: str,
        token: str,
        *,
        app_code: str,
        sm4_key: str,
        private_key: str,
        public_key: str,
        platform_public_key: str,
        sm4_mode: str = "cbc",
        window: float = 300.0,
        clock_tolerance: float = 600.0,
        clock: Callable[[], datetime] | None = None,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: short name as configured, copied into reports.
            base_url: of the gateway; https, or http to this computer.
            paasid: the caller, as registered at the gateway.
            token: the secret shared with the gateway, resolved by the settings.
            app_code: the caller, as registered for envelopes.
            sm4_key: 32 hexadecimal digits, resolved by the settings.
            private_key: our own SM2 key, 64 hexadecimal digits, resolved by the settings.
            public_key: the one that belongs to it, 128 hexadecimal digits, or 130 with 04 in front.
            platform_public_key: of the platform, in the same form.
            sm4_mode: ``cbc`` or ``ecb``.
            window: seconds by which the timestamp of an envelope may differ from our clock.
            clock_tolerance: see ``GatewayPlatform``.
            clock: the present moment, aware; the computer's clock when not given.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed, two keys do not belong together, or the extra ``gm`` is missing.
        """
        super().__init__(name, base_url, paasid, token, clock_tolerance=clock_tolerance, clock=clock, **http)
        problem = ""
        try:
            self._envelope = SmEnvelope(
                app_code,
                sm4_key=sm4_key,
                private_key=private_key,
                public_key=public_key,
                peer_public_key=platform_public_key,
                mode=sm4_mode,
                window=window,
                clock=clock,
            )
        except ConfigurationError as error:
            problem = str(error)
        if problem:
            raise ConfigurationError(f"Platform {name}: {problem}")

    def opened(self, raw: bytes) -> bytes:
        """The document inside the platform's envelope."""
        return self._envelope.open(raw, self.name)

    def _signed(self, document: Mapping[str, Any]) -> Callable[[], Outgoing]:
        plain = json.dumps(document, ensure_ascii=False).encode()

        def outgoing() -> Outgoing:
            body = self._envelope.seal(plain)
            return body, self._signer.headers(body)

        return outgoing
