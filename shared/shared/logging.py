"""Structured logs: one JSON object a line, with the request id that came from Telegram or a client.

Logs carry ids, never codes, tokens or keys. Two nets hold that: callers pass ids, and `_redact` blanks what looks like
a secret all the same.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

import orjson
import structlog

_SECRET_NAMES = re.compile(r"(?i)(token|secret|password|authorization|api_key|encryption_key|access_code|lease)$")
_SECRET_VALUES = re.compile(
    r"mp_[A-Za-z0-9_-]{8,}"  # a creator's key
    r"|whsec_[A-Za-z0-9+/]{8,}=*"  # a webhook's secret
    r"|\b\d{6,12}:[A-Za-z0-9_-]{30,}"  # a bot token
    r"|\b(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b"  # a code as people read it
    r"|(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"  # user:password in a URL
)
_BLANK = "[redacted]"


def configure_logging(service: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's logging to stdout as JSON lines.

    Libraries that log addresses (httpx, the servers' access logs) are kept to warnings: an address can hold a token.
    """
    number = logging.getLevelNamesMapping()[level]
    steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _name_service(service),
        _redact,
    ]
    # Our own lines don't go through the standard library's logging: a request writes one, and that way it would cost as
    # much as the request.
    structlog.configure(
        processors=[_name_logger, *steps, _as_json],
        logger_factory=_Stdout,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *steps],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _as_json],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiogram.event", "arq.worker", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for own_handlers in ("uvicorn", "uvicorn.error"):
        logging.getLogger(own_handlers).handlers = []
        logging.getLogger(own_handlers).propagate = True


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return logger


class _Stdout:
    """Writes a finished line. Asks for sys.stdout each time: tests put another in its place."""

    def __init__(self, name: str) -> None:
        self.name = name

    def msg(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    debug = info = warning = error = critical = log = msg


def _name_logger(logger: _Stdout, _: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["logger"] = logger.name
    return event


def _as_json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()


def _name_service(service: str) -> structlog.typing.Processor:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    return add


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: _blank(key, value) for key, value in event.items()}


@lru_cache(maxsize=1000)
def _names_a_secret(key: str) -> bool:
    return _SECRET_NAMES.search(key) is not None


def _blank(key: str, value: Any) -> Any:
    if _names_a_secret(key):
        return _BLANK
    if isinstance(value, str):
        return _SECRET_VALUES.sub(_BLANK, value)
    if isinstance(value, Mapping):
        return {name: _blank(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_blank("", inner) for inner in value]
    return value
