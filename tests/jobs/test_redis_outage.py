"""Redis is away at the start, or goes and comes back: the worker waits, and goes on by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from jobs.main import connect
from jobs.settings import Settings
from redis.exceptions import RedisError
from shared.contracts.events import EventType

from tests.jobs.conftest import Queue, eventually
from tests.support.jobs_process import JobsProcess, environment, jobs_process
from tests.support.own_redis import OwnRedis
from tests.support.owners import Owners

BATCH = UUID("0192f0c1-0000-7000-8000-0000000000b1")


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[OwnRedis]:
    redis = OwnRedis(tmp_path)
    yield redis
    await redis.stop()


@pytest.fixture
def redis_url(own_redis: OwnRedis) -> str:
    return own_redis.url


@pytest.fixture
async def queue(settings: Settings) -> AsyncIterator[Queue]:
    redis = connect(settings)
    yield Queue(redis)
    await redis.aclose(close_connection_pool=True)


async def answers(queue: Queue) -> bool:
    try:
        return bool(await queue.redis.ping())
    except (RedisError, OSError):
        return False


async def logged(process: JobsProcess, event: str, times: int) -> None:
    await eventually(lambda: process.log.count(event) >= times)


async def only_the_delivery_left(queue: Queue) -> None:
    async def holds() -> bool:
        return await queue.waiting() == [f"deliver_batch:{BATCH}"]

    await eventually(holds)


async def test_it_waits_for_a_redis_that_comes_later(
    owners: Owners, queue: Queue, own_redis: OwnRedis, settings: Settings, tmp_path: Path
) -> None:
    async with jobs_process(environment(settings), tmp_path) as process:
        await eventually(lambda: process.log.count("redis_away") >= 4)
        assert process.running
        await own_redis.start()
        await eventually(lambda: answers(queue))
        await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 1})
        await eventually(lambda: owners.count("gateway.sync") == 1)


async def test_it_lives_through_an_outage_and_no_job_is_lost(
    owners: Owners, queue: Queue, own_redis: OwnRedis, settings: Settings, tmp_path: Path
) -> None:
    await own_redis.start()
    await eventually(lambda: answers(queue))
    gate = owners.hold["gateway.deliver"] = asyncio.Event()
    async with jobs_process(environment(settings, JOBS_LEASE_S="1"), tmp_path) as process:
        await queue.hand_over(EventType.DELIVERY_REQUESTED, {"batch_id": str(BATCH)})
        await eventually(lambda: owners.count("gateway.deliver") == 1)
        for outage in range(1, 4):
            await own_redis.stop()
            await logged(process, "redis_lost", 2 * outage)
            await own_redis.start()
            await logged(process, "worker_started", 2 * (outage + 1))
            await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": outage})
            await only_the_delivery_left(queue)
        gate.set()
        await queue.empty()
        assert process.running
        assert [line for line in process.log.splitlines() if "Traceback" in line] == []
    assert {call.subject for call in owners.calls if call.operation == "gateway.sync"} == {"1", "2", "3"}
