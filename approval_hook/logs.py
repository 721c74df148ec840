"""Structured logs in which no personal identifier can appear.

The masking processor fails closed: when masking fails, the event is replaced by a
line that says so, and its content is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import Any

import structlog

from approval_hook.policy.subjects import mask_text

#: Fields that are personal by name, whatever they hold.
_PERSONAL_FIELDS = frozenset(
    {"name", "names", "number", "identifier", "identifiers", "subject", "facts", "token", "body"}
)


def mask_event(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every text of an event, at any depth; withhold the event when that fails."""
    try:
        return {str(k): "•••" if k in _PERSONAL_FIELDS else _masked(v) for k, v in event.items()}
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the unmasked event must not be written
        return {
            "event": "log event withheld: masking failed",
            "error": type(error).__name__,
            "level": event.get("level", method) if isinstance(event.get("level", method), str) else "error",
        }


def _masked(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        text = mask_text(str(value))
        return value if text == str(value) else text
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {mask_text(str(k)): "•••" if k in _PERSONAL_FIELDS else _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(v) for v in value]
    return mask_text(str(value))


def _processors() -> list[Any]:
    return [
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        mask_event,
        structlog.processors.JSONRenderer(ensure_ascii=False),
        _without_second_traceback,
    ]


def _without_second_traceback(logger: Any, method: str, line: str) -> tuple[tuple[str], dict[str, Any]]:
    """Keep ``logging`` from appending the traceback unmasked: the masked line holds it already."""
    return (line,), {"exc_info": False}


def configure() -> None:
    """Make every structlog logger of the program write masked JSON lines through ``logging``.

    For the application to call once. The package's own logger is masked with or without it.
    """
    structlog.configure(
        processors=_processors(),
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


@cache
def get_logger() -> Any:
    """The package's logger: the standard logger ``approval_hook``, structured and masked."""
    logger = structlog.wrap_logger(
        logging.getLogger("approval_hook"), processors=_processors(), wrapper_class=structlog.stdlib.BoundLogger
    )
    return logger.bind()  # once, instead of anew for each line
