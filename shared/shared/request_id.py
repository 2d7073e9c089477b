"""The request id: taken from or given to every request, and carried on to logs, other services, events and jobs."""

import re
from uuid import uuid4

import structlog

HEADER = "X-Request-ID"
_GOOD = re.compile(r"^[A-Za-z0-9._:-]{1,100}$")


def current_request_id() -> str | None:
    """The id of the request or job this code runs for."""
    return structlog.contextvars.get_contextvars().get("request_id")


def bind_request_id(offered: str | None) -> str:
    """Make `offered` (or a new id, if it is missing or not fit for a log line) the current request id."""
    request_id = offered if offered and _GOOD.match(offered) else uuid4().hex
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id
