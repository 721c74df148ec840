"""Call-backs of platforms whose staff approve queries: a signed word that an answer is ready, and nothing else.

``POST <prefix>/callback/<source>/`` with a body of JSON that names ``queryId`` or ``receiptNo``, and the headers

    X-Credit-Timestamp: seconds since 1970
    X-Credit-Nonce:     16 to 64 letters, digits, "-" or "_", new for each call-back
    X-Credit-Signature: HMAC-SHA256 in hex over source, timestamp and nonce, each followed by a line feed, and the body

Whatever else the body says is not read: the answer is fetched by us, from the platform's own address, so a forged or
repeated call-back can at most make the runner look earlier. The reply says nothing about any query.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from approval_hook import clock, pending
from approval_hook.conf import CallbackSettings, Conf, conf
from approval_hook.errors import PlatformNotAsked
from approval_hook.limits import Budget, MinuteRate
from approval_hook.logs import get_logger
from approval_hook.models import CallbackNonce
from approval_hook.statements import insert

#: Longest body read; two numbers need far less.
MOST_BYTES = 4096
_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TEXT = re.compile(r"[!-~]{1,120}", re.ASCII)


def signature(secret: str, source: str, timestamp: str, nonce: str, body: bytes) -> str:
    """What a genuine call-back carries, in hex."""
    signed = f"{source}\n{timestamp}\n{nonce}\n".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def callback(request: HttpRequest, source: str) -> HttpResponse:
    """Take one call-back: 202 for every genuine one, new or repeated, about a query of ours or not."""
    c = conf()
    platform = c.platforms.get(source)
    settings = platform.callback if platform is not None else None
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return HttpResponse(status=413)
    problem = "unknown-source" if settings is None else _problem(c, settings, source, request.headers, body)
    if settings is None or problem:
        get_logger().warning("call-back refused", source=source if settings else "", reason=problem)
        return HttpResponse(status=401)
    meant = _meant(body)
    if meant is None:
        return HttpResponse(status=400)
    nonce = request.headers["X-Credit-Nonce"]
    # Before the rate: whoever captured a genuine one must not keep others out by repeating it.
    if CallbackNonce.objects.filter(source=source, nonce=nonce).exists():
        return _repeated(source)
    try:
        _rate_of(c, source, settings).take(clock.now(), decides=True)
    except PlatformNotAsked:
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    if not _first_time(source, nonce, settings.tolerance):
        return _repeated(source)
    found = pending.hurry(source, *meant)
    get_logger().info("call-back taken", source=source, queries=found)
    return HttpResponse(status=202)


def _repeated(source: str) -> HttpResponse:
    get_logger().info("call-back repeated", source=source)
    return HttpResponse(status=202)


def _problem(c: Conf, settings: CallbackSettings, source: str, headers: Any, body: bytes) -> str:
    """Short machine word for what is wrong; empty when nothing is."""
    timestamp = headers.get("X-Credit-Timestamp", "")
    nonce = headers.get("X-Credit-Nonce", "")
    given = headers.get("X-Credit-Signature", "")
    if not (_TIMESTAMP.fullmatch(timestamp) and _NONCE.fullmatch(nonce) and _SIGNATURE.fullmatch(given)):
        return "malformed"
    if not hmac.compare_digest(given, signature(c.secret(settings.secret), source, timestamp, nonce, body)):
        return "signature"
    return "time" if abs(clock.now().timestamp() - int(timestamp)) > settings.tolerance else ""


def _meant(body: bytes) -> tuple[str, str] | None:
    """Query id and receipt that a body names, at least one of them; None when it cannot be read."""
    try:
        said = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    texts = [said.get(key, "") for key in ("queryId", "receiptNo")]
    if not any(texts) or not all(text == "" or (isinstance(text, str) and _TEXT.fullmatch(text)) for text in texts):
        return None
    # A second identifier of a subject is asked under "<query id>.2".
    return texts[0].partition(".")[0], texts[1]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key comes twice")
    return made


def _first_time(source: str, nonce: str, tolerance: float) -> bool:
    """Whether this call-back came never before, over all processes."""
    now = clock.now()
    # Older ones are refused by their time-stamp, which may have been ahead of ours.
    CallbackNonce.objects.filter(came_at__lt=now - timedelta(seconds=2 * tolerance + 60), source=source).delete()
    return insert(CallbackNonce(source=source, nonce=nonce, came_at=now), unless=("source", "nonce"))


@dataclass(slots=True)
class _Rates:
    """Counters of the settings in force."""

    of: Conf | None
    by_source: dict[str, MinuteRate]


_rates = _Rates(None, {})


def _rate_of(c: Conf, source: str, settings: CallbackSettings) -> MinuteRate:
    if _rates.of is not c:
        _rates.of, _rates.by_source = c, {}
    return _rates.by_source.setdefault(source, MinuteRate(Budget(settings.per_minute, 0)))
