"""Where pictures and sheets are drawn: one thread beside the event loop.

One, because drawing holds the interpreter most of the time: more threads would draw nothing faster, and only keep the
requests that redeem codes waiting longer.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar
from uuid import UUID

from shared.errors import RateLimitedError

T = TypeVar("T")

MAX_WAITING: Final = 4
"""Drawings of one account that wait or are drawn, so that nobody fills the queue alone."""
_RETRY_AFTER_S: Final = 2

_SWITCH_S: Final = 0.0005
"""How long the event loop waits at most for the interpreter while something is drawn. Python's own 5 ms would be felt by
every request, several times each; where only one thread has something to do, it costs nothing."""

_thread = ThreadPoolExecutor(1, "drawing", initializer=sys.setswitchinterval, initargs=(_SWITCH_S,))
_asked: Counter[UUID] = Counter()


async def draw(account_id: UUID, work: Callable[[], T]) -> T:
    """Do `work` in the drawing thread. No transaction may be open meanwhile.

    Raises:
        RateLimitedError: four drawings of this account are still to be done.
    """
    if _asked[account_id] >= MAX_WAITING:
        raise RateLimitedError(_RETRY_AFTER_S)
    _asked[account_id] += 1
    drawn = asyncio.get_running_loop().run_in_executor(_thread, work)
    # Counted until it is done, not until nobody waits for it: a client that hangs up has not freed the thread.
    drawn.add_done_callback(lambda _: _done(account_id))
    return await asyncio.shield(drawn)


def _done(account_id: UUID) -> None:
    _asked[account_id] -= 1
    if not _asked[account_id]:
        del _asked[account_id]
