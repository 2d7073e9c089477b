"""A busy worker looks at its queue often, but not at what it is doing itself."""

import asyncio

import pytest
from arq.worker import Worker
from jobs import worker as making
from jobs.settings import Settings
from shared.contracts.events import EventType

from tests.jobs.conftest import Queue, eventually, working
from tests.support.owners import Owners

LOOKS = 30


async def _calls(queue: Queue, command: str) -> int:
    """How often Redis was asked this."""
    stats = await queue.redis.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


@pytest.mark.parametrize("known", [True, False], ids=["known", "arq's own worker"])
async def test_what_is_under_way_is_not_asked_about(
    owners: Owners, queue: Queue, settings: Settings, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    if not known:
        monkeypatch.setattr(making._OwnJobsKnown, "start_jobs", Worker.start_jobs)
    gate = owners.hold["gateway.sync"] = asyncio.Event()
    async with working(settings):
        for bot_id in range(10):
            await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": bot_id})
        await eventually(lambda: owners.count("gateway.sync") == 10)
        looked, asked = await _calls(queue, "zrangebyscore"), await _calls(queue, "zscore")

        async def looked_often() -> bool:
            return await _calls(queue, "zrangebyscore") >= looked + LOOKS

        await eventually(looked_often)
        # The rounds of the cron are asked about as well, each once.
        often = await _calls(queue, "zscore") - asked >= LOOKS * 5
        gate.set()
        await queue.empty()
    assert often is not known
    assert owners.count("gateway.sync") == 10
