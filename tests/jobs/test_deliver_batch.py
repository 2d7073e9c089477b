"""Deliveries last for seconds and have a queue of their own."""

import asyncio
from uuid import UUID

import pytest
from jobs.queues import DELIVER_BATCH
from shared.contracts.batches import DeliveryOutcome, DeliveryOutcomeStatus
from shared.contracts.events import EventType

from tests.jobs.conftest import Queue, eventually
from tests.support.owners import Owners

BATCH = UUID("0192f0c1-0000-7000-8000-0000000000b1")
PAYLOAD = {"batch_id": str(BATCH)}

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_delivery_holds_up_no_other_event_and_is_not_repeated_with_its_own(owners: Owners, queue: Queue) -> None:
    gate = owners.hold["gateway.deliver"] = asyncio.Event()
    await queue.hand_over(EventType.BATCH_GENERATED, PAYLOAD)
    await eventually(lambda: owners.count("gateway.deliver") == 1)
    await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 1})
    await queue.hand_over(EventType.DELIVERY_REQUESTED, PAYLOAD)
    await eventually(lambda: owners.count("gateway.sync") == 1)

    async def only_the_delivery() -> bool:
        return await queue.waiting() == [f"{DELIVER_BATCH}:{BATCH}"]

    await eventually(only_the_delivery)
    gate.set()
    await queue.empty()
    assert owners.count("gateway.deliver") == 1


async def test_more_deliveries_than_events_may_run_at_a_time_hold_up_no_event(owners: Owners, queue: Queue) -> None:
    gate = owners.hold["gateway.deliver"] = asyncio.Event()
    for number in range(30):
        await queue.hand_over(EventType.DELIVERY_REQUESTED, {"batch_id": str(UUID(int=number))})
    await eventually(lambda: owners.count("gateway.deliver") == 30)
    await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 1})
    await eventually(lambda: owners.count("gateway.sync") == 1)
    gate.set()
    await queue.empty()


@pytest.mark.parametrize("status", [DeliveryOutcomeStatus.PAUSED, DeliveryOutcomeStatus.LEASED])
async def test_it_comes_back_after_a_rest(owners: Owners, queue: Queue, status: DeliveryOutcomeStatus) -> None:
    owners.outcomes[BATCH] = [DeliveryOutcome(status=status, retry_after=0)]
    await queue.hand_over(EventType.DELIVERY_REQUESTED, PAYLOAD)
    await queue.empty()
    assert owners.count("gateway.deliver") == 2


async def test_a_rest_is_as_long_as_telegram_asked(owners: Owners, queue: Queue) -> None:
    owners.outcomes[BATCH] = [DeliveryOutcome(status=DeliveryOutcomeStatus.PAUSED, retry_after=3600)]
    await queue.hand_over(EventType.DELIVERY_REQUESTED, PAYLOAD)

    async def put_off() -> bool:
        score = await queue.redis.zscore("memberpass:jobs:slow", f"{DELIVER_BATCH}:{BATCH}")
        seconds, microseconds = await queue.redis.time()
        return score is not None and 3500 < score / 1000 - (seconds + microseconds / 1e6) <= 3600

    await eventually(put_off)


async def test_a_batch_that_waits_for_its_creator_is_left_alone_until_asked_for(owners: Owners, queue: Queue) -> None:
    owners.outcomes[BATCH] = [DeliveryOutcome(status=DeliveryOutcomeStatus.WAITING)]
    await queue.hand_over(EventType.DELIVERY_REQUESTED, PAYLOAD)
    await queue.empty()
    assert owners.count("gateway.deliver") == 1
    await queue.hand_over(EventType.DELIVERY_REQUESTED, PAYLOAD)
    await queue.empty()
    assert owners.count("gateway.deliver") == 2
