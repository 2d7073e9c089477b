"""Structured logs: one JSON object a line, with the request id that came from Telegram or a client.

Logs carry ids, never codes, tokens or keys. Two nets hold that: callers pass ids, and `_redact` blanks what looks like
a secret all the same.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(r"(?i)(token|secret|password|authorization|api_key|encryption_key|access_code|lease)$")
_SECRET_VALUES = re.compile(
    r"mp_[A-Za-z0-9_-]{8,}"  # a creator's key
    r"|\b\d{6,12}:[A-Za-z0-9_-]{30,}"  # a bot token
    r"|\b(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b"  # a code as people read it
    r"|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"  # user:password in a URL
)
_BLANK = "[redacted]"


def configure_logging(service: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's logging to stdout as JSON lines.

    Libraries that log addresses (httpx, the servers' access logs) are kept to warnings: an address can hold a token.
    """
    shared_steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _name_service(service),
        _redact,
    ]
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared_steps,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiogram.event", "arq.worker", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for own_handlers in ("uvicorn", "uvicorn.error"):
        logging.getLogger(own_handlers).handlers = []
        logging.getLogger(own_handlers).propagate = True


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _name_service(service: str) -> structlog.typing.Processor:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    return add


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: _blank(key, value) for key, value in event.items()}


def _blank(key: str, value: Any) -> Any:
    if _SECRET_NAMES.search(key):
        return _BLANK
    if isinstance(value, str):
        return _SECRET_VALUES.sub(_BLANK, value)
    if isinstance(value, Mapping):
        return {name: _blank(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_blank("", inner) for inner in value]
    return value
