"""How the demo holds each step against what must be."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 30.0
LOOK_EVERY_S = 0.05


class StoryError(Exception):
    """A step did not go as it must. The message is the reason that the demo ends with."""


def must(holds: bool, reason: str) -> None:  # noqa: FBT001  # reads as a sentence: must(x == 1, "...")
    """Raise StoryError with `reason` unless it holds."""
    if not holds:
        raise StoryError(reason)


def must_equal(what: str, found: object, expected: object) -> None:
    """Raise StoryError that shows both unless they are equal."""
    if found != expected:
        raise StoryError(f"{what}: expected {expected!r}, found {found!r}")


async def eventually(
    what: str, look: Callable[[], Awaitable[T | None]], *, patience: float = PATIENCE_S, every: float = LOOK_EVERY_S
) -> T:
    """Look again and again until there is something to see.

    Raises:
        StoryError: there was not within `patience` seconds.
    """
    ends = time.monotonic() + patience
    while True:
        seen = await look()
        if seen is not None:
            return seen
        if time.monotonic() > ends:
            raise StoryError(f"waited {patience:.0f} seconds in vain: {what}")
        await asyncio.sleep(every)
