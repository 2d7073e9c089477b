"""Two transactions that overlap, the same way every time: the second begins before the first commits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.db import Database
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]

_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted "
    "AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)


async def overlapping(database: Database, first: Work[T], second: Work[T]) -> tuple[T, T | BaseException]:
    """Run `first`; before it commits, run `second` until it waits for the first or is done; then let both end.

    With a guard between them the second waits; without one it has already seen the world as it was.
    """
    async with database.transaction() as session:
        one = await first(session)
        rival = asyncio.create_task(_transaction(database, second))
        await _waits_or_is_done(database, rival)
    (other,) = await asyncio.gather(rival, return_exceptions=True)
    return one, other


async def meet(database: Database, first: Work[T], second: Work[T]) -> tuple[T, T]:
    """`overlapping` where both are to end well; what the second raises is raised."""
    one, other = await overlapping(database, first, second)
    if isinstance(other, BaseException):
        raise other
    return one, other


async def until_waiting(database: Database, sessions: int) -> None:
    """Return when that many sessions of this database wait for a lock."""
    async with asyncio.timeout(30):
        while await _waiting(database) < sessions:
            await asyncio.sleep(0.005)


async def _waiting(database: Database) -> int:
    # A transaction for each look: PostgreSQL shows pg_stat_activity as it was at a transaction's first look.
    async with database.transaction() as looking:
        return int((await looking.execute(_WAITING)).scalar_one())


async def _transaction(database: Database, work: Work[T]) -> T:
    async with database.transaction() as session:
        return await work(session)


async def _waits_or_is_done(database: Database, rival: "asyncio.Task[T]") -> None:
    async with asyncio.timeout(30):
        while not rival.done():
            if await _waiting(database):
                return
            await asyncio.sleep(0.005)
