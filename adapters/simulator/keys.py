"""Keys of the shapes with envelopes, new for each simulated platform."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from adapters.sm2 import generate, is_installed

__all__ = ["SimulatedKeys", "SmKeys"]


@dataclass(frozen=True, slots=True)
class SmKeys:
    """Both sides of the SM2/SM4 envelope, in hexadecimal."""

    app_code: str
    sm4: str
    caller_private: str
    caller_public: str
    platform_private: str
    platform_public: str


@dataclass(frozen=True, slots=True)
class SimulatedKeys:
    """Keys for callers. ``sm`` is None without the extra ``gm``: then the platform does not speak that shape."""

    des: str
    sm: SmKeys | None

    @classmethod
    def fresh(cls) -> SimulatedKeys:
        """New keys."""
        sm = SmKeys("simulated-app", secrets.token_hex(16), *generate(), *generate()) if is_installed() else None
        return cls(secrets.token_hex(8), sm)
