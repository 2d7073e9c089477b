"""A worker of jobs inside the test's process, and the owners it calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from arq.connections import ArqRedis
from jobs.main import connect, run
from jobs.queues import SLOW_QUEUE
from jobs.settings import Settings
from pydantic import SecretStr
from shared.contracts.events import ON_EVENT, QUEUE, Event, EventType
from shared.ids import new_id

from tests.support.owners import TOKEN, Owners, owners_running

ACCOUNT = UUID("0192f0c1-0000-7000-8000-000000000001")


async def eventually(holds: Callable[[], bool | Awaitable[bool]], within: float = 30.0) -> None:
    """Return as soon as it holds; fail the test if it does not in time."""
    async with asyncio.timeout(within):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.005)


class Queue:
    """The queue as the owners' relays and a curious test see it."""

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis

    async def hand_over(
        self, type_: EventType, payload: Mapping[str, Any], *, event_id: UUID | None = None, request_id: str | None = "req-1"
    ) -> UUID:
        """Put an event on the queue exactly as `shared.outbox.Relay` does."""
        event = Event(
            id=event_id or new_id(),
            type=type_,
            account_id=ACCOUNT,
            occurred_at=datetime.now(UTC),
            request_id=request_id,
            payload=dict(payload),
        )
        await self.redis.enqueue_job(ON_EVENT, event.model_dump(mode="json"), _job_id=f"event:{event.id}", _queue_name=QUEUE)
        return event.id

    async def waiting(self) -> list[str]:
        """The ids of events and of what followed from them, as long as they are not done with."""
        found = [*await self.redis.zrange(QUEUE, 0, -1), *await self.redis.zrange(SLOW_QUEUE, 0, -1)]
        rounds = (b"cron:", b"run_due:", b"resume_")
        return [job_id.decode() for job_id in found if not job_id.startswith(rounds)]

    async def empty(self, within: float = 30.0) -> None:
        """Return once nothing is left to do."""

        async def nothing_left() -> bool:
            return not await self.waiting()

        await eventually(nothing_left, within)


@pytest.fixture
async def owners(tmp_path: Path) -> AsyncIterator[Owners]:
    async with owners_running(tmp_path / "clock") as running:
        yield running


@pytest.fixture
def settings(redis_url: str, owners: Owners) -> Settings:
    return Settings(
        redis_url=redis_url,
        sandbox=True,
        sandbox_clock_file=owners.clock_file,
        service_token=SecretStr(TOKEN),
        codes_api_url=owners.codes_url,
        billing_api_url=owners.billing_url,
        bot_gateway_url=owners.gateway_url,
        jobs_grace_s=0.2,
    )


@pytest.fixture
async def queue(settings: Settings) -> AsyncIterator[Queue]:
    redis = connect(settings)
    yield Queue(redis)
    await redis.aclose(close_connection_pool=True)


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A whole worker process's work, as a task."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(settings, stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[None]:
    async with working(settings):
        yield
