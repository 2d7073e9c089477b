"""Effects leave in the transaction that causes them, once, and wait while Redis is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from arq.connections import ArqRedis
from redis.exceptions import ConnectionError as RedisConnectionError
from shared.contracts.events import QUEUE, EventType
from shared.db import Database, new_metadata
from shared.outbox import BATCH, Relay, outbox_table, stage
from shared.request_id import bind_request_id
from shared.settings import sqlalchemy_url
from sqlalchemy import func, select, text

metadata = new_metadata()
outbox = outbox_table(metadata)
ANNA = UUID(int=1)
NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlalchemy_url(empty_database_url), application_name="tests")
    async with opened.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[ArqRedis]:
    opened = ArqRedis.from_url(redis_url)
    yield opened
    await opened.aclose()


async def _stage(database: Database, count: int = 1) -> None:
    async with database.transaction() as session:
        for number in range(count):
            await stage(session, outbox, EventType.BATCH_REQUESTED, account_id=ANNA, payload={"n": number}, now=NOW)


async def _waiting(database: Database) -> int:
    async with database.transaction() as session:
        query = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
        return (await session.execute(query)).scalar_one()


async def _queued(redis: ArqRedis) -> list[dict[str, object]]:
    return [job.args[0] for job in await redis.queued_jobs(queue_name=QUEUE)]


async def test_an_event_arrives_whole_with_the_request_id(database: Database, redis: ArqRedis) -> None:
    bind_request_id("req-7")
    await _stage(database)
    assert await Relay(database, outbox, redis).publish_once() == 1
    [event] = await _queued(redis)
    assert (event["type"], event["account_id"], event["payload"]) == ("batch.requested", str(ANNA), {"n": 0})
    assert (event["request_id"], event["occurred_at"]) == ("req-7", "2026-01-31T00:00:00Z")
    assert await _waiting(database) == 0


async def test_what_is_rolled_back_never_leaves(database: Database, redis: ArqRedis) -> None:
    with contextlib.suppress(RuntimeError):
        async with database.transaction() as session:
            await stage(session, outbox, EventType.BATCH_REQUESTED, account_id=ANNA, payload={}, now=NOW)
            raise RuntimeError
    assert await Relay(database, outbox, redis).publish_once() == 0
    assert await _queued(redis) == []


async def test_several_relays_share_the_work(database: Database, redis: ArqRedis) -> None:
    await _stage(database, BATCH * 2 + 7)
    relays = [Relay(database, outbox, redis) for _ in range(3)]
    published = 0
    while fresh := sum(await asyncio.gather(*(relay.publish_once() for relay in relays))):
        published += fresh
    assert published == BATCH * 2 + 7
    assert len(await _queued(redis)) == BATCH * 2 + 7


async def test_a_crash_between_handing_over_and_marking_doubles_nothing(database: Database, redis: ArqRedis) -> None:
    await _stage(database)
    relay = Relay(database, outbox, redis)
    await relay.publish_once()
    async with database.transaction() as session:
        await session.execute(text("UPDATE outbox SET published_at = NULL"))
    assert await relay.publish_once() == 1
    assert len(await _queued(redis)) == 1


async def test_events_wait_while_redis_is_away(database: Database, redis: ArqRedis) -> None:
    await _stage(database)
    nowhere = ArqRedis.from_url("redis://127.0.0.1:1/0")
    with pytest.raises(RedisConnectionError):
        await Relay(database, outbox, nowhere).publish_once()
    assert await _waiting(database) == 1
    assert await Relay(database, outbox, redis).publish_once() == 1


async def test_a_running_relay_is_woken_by_a_commit(database: Database, redis: ArqRedis) -> None:
    relay = Relay(database, outbox, redis)
    await relay.start()
    try:
        await _stage(database, 3)
        async with asyncio.timeout(20):
            while len(await _queued(redis)) < 3:
                await asyncio.sleep(0.005)  # what is waited for happens in Redis
    finally:
        await relay.stop()


async def test_published_events_are_forgotten_after_a_week(database: Database, redis: ArqRedis) -> None:
    await _stage(database, 2)
    relay = Relay(database, outbox, redis)
    await relay.publish_once()
    assert await relay.forget_published() == 0
    async with database.transaction() as session:
        await session.execute(text("UPDATE outbox SET published_at = published_at - interval '8 days'"))
    await _stage(database)
    assert await relay.forget_published() == 2
    assert await _waiting(database) == 1
