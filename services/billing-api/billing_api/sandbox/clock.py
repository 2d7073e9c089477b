"""The sandbox clock: where it stands is in its file, where it is going in the database. jobs does the steps."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.clock import SandboxClock
from shared.contracts.events import EventType
from shared.contracts.sandbox import ClockStatus, SandboxTime
from shared.db import Database
from shared.errors import FieldError
from shared.outbox import stage
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.base import outbox
from billing_api.plans.models import CATALOG_OWNER
from billing_api.sandbox.models import SandboxClockRow

MAX_JUMP_S: Final = 100 * 366 * 24 * 3600
"""A century: an advance can't be called off, and one to the year 9999 would be under way for days."""
PATIENCE_S: Final = 10.0
LOOK_EVERY_S: Final = 0.05


def advance_target(clock: SandboxClock, *, to: datetime | None, seconds: int | None) -> datetime:
    """The moment that a request names: `to` itself, or so many seconds from now.

    Raises:
        FieldError: it has passed, or is too far away; names the field.
    """
    now = clock.now()
    if to is None:
        target, named = now + timedelta(seconds=seconds or 0), "seconds"
    else:
        target, named = to.astimezone(UTC), "to"
    if target < now:
        raise FieldError(named, "The sandbox clock only moves forward.")
    if target - now > timedelta(seconds=MAX_JUMP_S):
        raise FieldError(named, "The sandbox clock moves a hundred years at a time at most.")
    return target


async def request_advance(session: AsyncSession, clock: SandboxClock, *, to: datetime) -> datetime:
    """Ask jobs to bring the clock to a moment; an advance that is under way goes on to the later of the two.

    Returns:
        Where the clock is going now.
    """
    fresh = insert(SandboxClockRow).values(id=1, target=to)
    later = fresh.on_conflict_do_update(
        index_elements=["id"], set_={"target": func.greatest(SandboxClockRow.target, fresh.excluded.target)}
    ).returning(SandboxClockRow.target)
    target = (await session.execute(later)).scalar_one()
    await stage(session, outbox, EventType.CLOCK_ADVANCE_REQUESTED, account_id=CATALOG_OWNER, payload={}, now=clock.now())
    return target or to


async def read_clock(session: AsyncSession, clock: SandboxClock) -> SandboxTime:
    """Where the clock stands, and where it is going."""
    target = await session.scalar(select(SandboxClockRow.target).where(SandboxClockRow.id == 1))
    return _shown(clock, target)


async def move_clock(session: AsyncSession, clock: SandboxClock, *, to: datetime, finished: bool) -> SandboxTime:
    """One step of an advance. A step to a moment that has passed moves nothing.

    `finished` ends the advance, unless it was asked meanwhile to go on further: then the answer says `advancing`.
    """
    query = select(SandboxClockRow).where(SandboxClockRow.id == 1).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if to > clock.now():
        clock.move_to(to)
    if row is not None and finished and row.target is not None and row.target <= clock.now():
        row.target = None
        await session.flush()
    return _shown(clock, row.target if row is not None else None)


async def wait_until_ready(database: Database, clock: SandboxClock, *, target: datetime) -> None:
    """Wait until the advance is finished, but only a bounded (real) while. Each look is a transaction of its own."""
    for _ in range(round(PATIENCE_S / LOOK_EVERY_S)):
        async with database.transaction() as session:
            shown = await read_clock(session, clock)
        if shown.status is ClockStatus.READY and shown.now >= target:
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _shown(clock: SandboxClock, target: datetime | None) -> SandboxTime:
    status = ClockStatus.READY if target is None else ClockStatus.ADVANCING
    return SandboxTime(now=clock.now(), status=status, target=target)
