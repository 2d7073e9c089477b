"""What an owner was asked, and what it has planned."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Call:
    """One request that an owner got."""

    operation: str
    subject: str
    request_id: str | None


@dataclass
class Due:
    """An owner's planned work: each moment with what happens then."""

    moments: list[datetime] = field(default_factory=list)
    on_run: Callable[[datetime], Awaitable[None]] | None = None
    stuck: bool = False
