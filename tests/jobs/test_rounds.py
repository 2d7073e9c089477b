"""Every five seconds: batches that stand still, and what is due at either owner."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from jobs.queues import Queues
from jobs.settings import Settings
from jobs.tasks.resume_batches import STALLED_FOR_S
from shared.contracts.batches import BatchStep, DeliveryOutcome, DeliveryOutcomeStatus, UnfinishedBatch
from shared.contracts.events import EventType

from tests.jobs.conftest import ACCOUNT, Queue, eventually, working
from tests.support.owners import Owners


def stalled(number: int, step: BatchStep) -> UnfinishedBatch:
    return UnfinishedBatch(account_id=ACCOUNT, batch_id=UUID(int=number), step=step)


async def test_batches_that_stand_still_get_their_next_step(owners: Owners, queue: Queue, settings: Settings) -> None:
    owners.unfinished = [stalled(1, BatchStep.GENERATE), stalled(2, BatchStep.CONFIRM), stalled(3, BatchStep.DELIVER)]
    async with working(settings):
        await eventually(lambda: len(owners.operations()) == 5)
        await queue.empty()
    asked = {(call.operation, call.subject.removeprefix(f"{ACCOUNT}/")) for call in owners.calls}
    one, two, three = (str(UUID(int=number)) for number in (1, 2, 3))
    assert {
        ("codes.unfinished", str(STALLED_FOR_S)),
        ("codes.generate", one),
        ("billing.confirm", two),
        ("codes.billed", two),
        ("gateway.deliver", two),
        ("gateway.deliver", three),
    } <= asked
    request_ids = [call.request_id for call in owners.calls if call.operation == "gateway.deliver"]
    assert None not in request_ids


async def test_a_step_that_was_refused_is_left_alone_for_a_while(owners: Owners, queue: Queue, settings: Settings) -> None:
    owners.unfinished = [stalled(1, BatchStep.CONFIRM)]
    owners.fail_next("billing.confirm", 404, 404)
    async with working(settings):
        await eventually(lambda: owners.count("billing.confirm") == 1)
        await queue.empty()
    async with working(settings):
        await eventually(lambda: owners.count("codes.unfinished") >= 2)
        await queue.empty()
    assert owners.count("billing.confirm") == 1
    assert await Queues(queue.redis).refused_lately(owners.unfinished[0], BatchStep.CONFIRM)
    assert not await Queues(queue.redis).refused_lately(owners.unfinished[0], BatchStep.DELIVER)


async def test_who_blocked_the_bot_is_left_alone_as_long_as_the_gateway_advises(
    owners: Owners, queue: Queue, settings: Settings
) -> None:
    batch = stalled(1, BatchStep.DELIVER)
    owners.unfinished = [batch]
    owners.outcomes[batch.batch_id] = [DeliveryOutcome(status=DeliveryOutcomeStatus.WAITING, retry_after=300)]
    async with working(settings):
        await eventually(lambda: owners.count("gateway.deliver") == 1)
        await queue.empty()
    owners.unfinished = [batch]
    async with working(settings):
        await eventually(lambda: owners.count("codes.unfinished") >= 2)
        await queue.empty()
        assert owners.count("gateway.deliver") == 1
        await queue.hand_over(EventType.DELIVERY_REQUESTED, {"batch_id": str(batch.batch_id)})
        await eventually(lambda: owners.count("gateway.deliver") == 2)


@pytest.mark.parametrize(("broken", "whole"), [("billing", "codes"), ("codes", "billing")])
async def test_an_owner_that_fails_stops_nobody_else(owners: Owners, settings: Settings, broken: str, whole: str) -> None:
    owners.fail_next(f"{broken}.run_due", *[503] * 100)
    past = datetime.now(UTC) - timedelta(hours=1)
    owners.due[whole].moments = [past, past, past]
    owners.unfinished = [stalled(1, BatchStep.DELIVER)]
    async with working(settings):
        await eventually(lambda: not owners.due[whole].moments and owners.count("gateway.deliver") == 1)
        await eventually(lambda: owners.count(f"{broken}.run_due") == 1)
    async with working(settings):
        await eventually(lambda: owners.count(f"{broken}.run_due") == 2)  # the next round asks it again


async def test_due_work_is_run_until_nothing_is_due_and_no_further(owners: Owners, settings: Settings) -> None:
    now = datetime.now(UTC)
    owners.due["codes"].moments = [now - timedelta(days=2), now - timedelta(days=1), now + timedelta(days=1)]
    async with working(settings):
        await eventually(lambda: owners.count("codes.run_due") == 2)
        assert owners.due["codes"].moments == [now + timedelta(days=1)]


async def test_an_owner_that_does_nothing_is_not_asked_without_end(owners: Owners, settings: Settings) -> None:
    owners.due["codes"].moments, owners.due["codes"].stuck = [datetime.now(UTC)], True
    async with working(settings):
        await eventually(lambda: owners.count("codes.run_due") == 1 and owners.count("billing.run_due") == 1)
    assert owners.count("codes.run_due") == 1
