"""The mark of a job in progress is a lease that is renewed as long as the job runs."""

import asyncio
from uuid import UUID

import pytest
from jobs.settings import Settings
from jobs.steady import SteadyWorker
from shared.contracts.events import EventType

from tests.jobs.conftest import Queue, eventually, working
from tests.support.owners import Owners

BATCH = UUID("0192f0c1-0000-7000-8000-0000000000b1")
MARK = f"arq:in-progress:deliver_batch:{BATCH}"
LEASE_S = 0.4


async def never(_: SteadyWorker) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("renewed", [True, False])
async def test_a_job_that_outlasts_its_lease_is_not_run_twice(
    owners: Owners, queue: Queue, settings: Settings, monkeypatch: pytest.MonkeyPatch, *, renewed: bool
) -> None:
    """Two workers and one job that lasts for several leases. The negative control does not renew."""
    if not renewed:
        monkeypatch.setattr(SteadyWorker, "_renew_forever", never)
    gate = owners.hold["gateway.deliver"] = asyncio.Event()
    short = settings.model_copy(update={"jobs_lease_s": LEASE_S, "jobs_slow_poll_delay_s": 0.02})
    async with working(short), working(short):
        await queue.hand_over(EventType.DELIVERY_REQUESTED, {"batch_id": str(BATCH)})
        await eventually(lambda: owners.count("gateway.deliver") == 1)
        if renewed:
            await _renewals(queue, 8)  # at four a lease
            assert owners.count("gateway.deliver") == 1
        else:
            await eventually(lambda: owners.count("gateway.deliver") == 2)
        gate.set()
        await queue.empty()
    assert owners.count("gateway.deliver") == (1 if renewed else 2)


async def _renewals(queue: Queue, wanted: int) -> None:
    before: int = await queue.redis.pttl(MARK)
    seen = 0

    async def enough() -> bool:
        nonlocal before, seen
        left: int = await queue.redis.pttl(MARK)
        assert left > 0
        seen += left > before
        before = left
        return seen >= wanted

    await eventually(enough)


async def test_a_job_that_ended_is_not_marked_again(owners: Owners, queue: Queue, settings: Settings) -> None:
    async with working(settings.model_copy(update={"jobs_lease_s": 0.05})):
        for _ in range(5):
            await queue.hand_over(EventType.DELIVERY_REQUESTED, {"batch_id": str(BATCH)})
            await queue.empty()
            assert not await queue.redis.exists(MARK)
    assert owners.count("gateway.deliver") == 5
