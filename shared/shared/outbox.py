"""The transactional outbox: effects leave in the transaction that causes them, and only if it commits.

`stage` writes an event beside the change. The `Relay` (a lifespan task of the owning service, woken by LISTEN/NOTIFY,
looking by itself once a second) hands committed events to arq and marks them. A crash in between hands an event over
twice; arq drops the second by its job id, and receivers remember event ids all the same.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import stamina
from arq.connections import ArqRedis
from sqlalchemy import Column, Index, MetaData, String, Table, Uuid, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events import ON_EVENT, QUEUE, Event, EventType
from shared.db import Database, UtcDateTime
from shared.ids import new_id
from shared.logging import get_logger
from shared.request_id import current_request_id

log = get_logger(__name__)

CHANNEL: Final = "outbox"
BATCH: Final = 200
LOOK_EVERY_S: Final = 1.0
KEEP_PUBLISHED_DAYS: Final = 7


def outbox_table(metadata: MetaData) -> Table:
    """The outbox of a service. `account_id` leads the key; the partial index is all that the relay reads."""
    table = Table(
        "outbox",
        metadata,
        Column("account_id", Uuid, primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("type", String(64), nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("request_id", String(100)),
        Column("occurred_at", UtcDateTime, nullable=False),
        Column("published_at", UtcDateTime),
    )
    Index("ix_outbox_unpublished", table.c.id, postgresql_where=table.c.published_at.is_(None))
    return table


async def stage(
    session: AsyncSession, outbox: Table, type_: EventType, *, account_id: UUID, payload: Mapping[str, Any], now: datetime
) -> UUID:
    """Write an event into the caller's transaction and wake the relay when that commits.

    Args:
        payload: ids and counts only (see `shared.contracts.events`).
        now: domain time of what happened.

    Returns:
        The event's id.
    """
    (event_id,) = await stage_all(session, outbox, type_, [(account_id, payload)], now=now)
    return event_id


async def stage_all(
    session: AsyncSession, outbox: Table, type_: EventType, events: Sequence[tuple[UUID, Mapping[str, Any]]], *, now: datetime
) -> list[UUID]:
    """Like `stage`, for many events of one type (account and payload of each) in one round trip; at least one."""
    request_id = current_request_id()
    ids = [new_id() for _ in events]
    rows = [
        {
            "account_id": account_id,
            "id": event_id,
            "type": type_.value,
            "payload": dict(payload),
            "request_id": request_id,
            "occurred_at": now,
        }
        for event_id, (account_id, payload) in zip(ids, events, strict=True)
    ]
    # PostgreSQL folds the equal notifications of a transaction into one.
    await session.execute(insert(outbox).returning(func.pg_notify(CHANNEL, literal(""))), rows)
    return ids


class Relay:
    """Carries committed events of one database to arq until it is stopped."""

    def __init__(self, database: Database, outbox: Table, redis: ArqRedis) -> None:
        self._database = database
        self._outbox = outbox
        self._redis = redis
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to listen and to publish."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._publish_forever())]

    async def stop(self) -> None:
        """Stop; what is not published yet waits in the table."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def publish_once(self) -> int:
        """Hand over up to `BATCH` committed events, oldest first; returns how many.

        Several relays (one a process) share the work: rows that another one holds are skipped.
        """
        outbox = self._outbox
        async with self._database.transaction() as session:
            query = (
                select(outbox)
                .where(outbox.c.published_at.is_(None))
                .order_by(outbox.c.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = (await session.execute(query)).mappings().all()
            if not rows:
                return 0
            # The one place where Redis is spoken to inside a transaction, on purpose: the row locks are what keeps
            # two relays from publishing the same event, and nothing else ever waits for these rows.
            for row in rows:
                event = Event(**{name: row[name] for name in Event.model_fields})
                await self._redis.enqueue_job(
                    ON_EVENT, event.model_dump(mode="json"), _job_id=f"event:{event.id}", _queue_name=QUEUE
                )
            handed_over = tuple_(outbox.c.account_id, outbox.c.id).in_([(row["account_id"], row["id"]) for row in rows])
            await session.execute(update(outbox).where(handed_over).values(published_at=func.now()))
            return len(rows)

    async def forget_published(self) -> int:
        """Delete events published more than a week ago; returns how many."""
        outbox = self._outbox
        async with self._database.transaction() as session:
            old = outbox.c.published_at < func.now() - timedelta(days=KEEP_PUBLISHED_DAYS)
            gone = await session.execute(delete(outbox).where(old).returning(outbox.c.id))
            return len(gone.all())

    async def _publish_forever(self) -> None:
        while True:
            async for attempt in stamina.retry_context(on=Exception, attempts=None, timeout=None, wait_max=5.0):
                with attempt:
                    published = await self.publish_once()
            if published < BATCH:
                # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._wake.wait()
                self._wake.clear()

    async def _listen(self) -> None:
        """Keep a connection that hears NOTIFY. Losing it costs nothing but the wake-up: the relay looks by itself."""
        dsn = self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            async for attempt in stamina.retry_context(
                on=(OSError, asyncpg.PostgresError, asyncpg.InterfaceError), attempts=None, timeout=None, wait_max=5.0
            ):
                with attempt:
                    connection = await asyncpg.connect(dsn, timeout=5)
            lost = asyncio.Event()
            connection.add_termination_listener(lambda *_, lost=lost: lost.set())
            try:
                await connection.add_listener(CHANNEL, lambda *_: self._wake.set())
                self._wake.set()
                await lost.wait()
            finally:
                await connection.close(timeout=1)
