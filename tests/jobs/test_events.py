"""Each event asks the right owner, in the right order, with the request id it came with."""

from typing import Any
from uuid import UUID

import pytest
from jobs.events import STEPS
from shared.contracts.batches import BatchStatus
from shared.contracts.events import EventType

from tests.jobs.conftest import ACCOUNT, Queue
from tests.support.owners import Owners

BATCH = UUID("0192f0c1-0000-7000-8000-0000000000b1")
PROJECT = UUID("0192f0c1-0000-7000-8000-0000000000c1")
OF_BATCH = f"{ACCOUNT}/{BATCH}"
FAN_OUT = ("codes.fan_out", f"{ACCOUNT}/{{event}}")
NOTICE = {"project_id": str(PROJECT), "kind": "many_wrong_guesses", "params": {"misses": 1000}}
# version 7 is what billing has by now
PUT = [("billing.entitlements", str(ACCOUNT)), ("codes.put_entitlements", f"{ACCOUNT}/7")]
END = ("codes.end_memberships", f"{ACCOUNT}/2026-03-31T10:00:00Z")
"""Asked for again, because the first piece says that there is more."""

MAPPING: list[tuple[EventType, dict[str, Any], list[tuple[str, str]]]] = [
    (
        EventType.BATCH_REQUESTED,
        {"batch_id": str(BATCH)},
        [("codes.generate", OF_BATCH), ("billing.confirm", OF_BATCH), ("codes.billed", OF_BATCH), ("gateway.deliver", OF_BATCH)],
    ),
    (
        EventType.BATCH_GENERATED,
        {"batch_id": str(BATCH)},
        [("billing.confirm", OF_BATCH), ("codes.billed", OF_BATCH), ("gateway.deliver", OF_BATCH), FAN_OUT],
    ),
    (EventType.BATCH_GENERATED, {"batch_id": str(BATCH), "tell_only": True}, [FAN_OUT]),
    (EventType.BATCH_FAILED, {"batch_id": str(BATCH)}, [("billing.release", OF_BATCH)]),
    (EventType.DELIVERY_REQUESTED, {"batch_id": str(BATCH)}, [("gateway.deliver", OF_BATCH)]),
    (
        EventType.BATCHES_EXPIRED,
        {"batches": [{"batch_id": str(BATCH), "quantity": 12}]},
        [("billing.expired", f"{OF_BATCH}/{{event}}/12")],
    ),
    (EventType.CODES_EXPIRED, {"batch_id": str(BATCH), "quantity": 12}, [FAN_OUT]),
    (
        EventType.CODE_REDEEMED,
        {"project_id": str(PROJECT), "batch_id": str(BATCH), "position": 0, "membership_id": str(BATCH), "periods": 1},
        [FAN_OUT],
    ),
    (
        EventType.MEMBERSHIP_ENDED,
        {"project_id": str(PROJECT), "membership_id": str(BATCH)},
        [FAN_OUT, ("gateway.let_go", f"{ACCOUNT}/{PROJECT}/{BATCH}")],
    ),
    (
        EventType.MEMBERSHIP_ENDING,
        {"project_id": str(PROJECT), "membership_id": str(BATCH), "ends_at": "2026-03-31T10:00:00Z"},
        [("gateway.remind", f"{ACCOUNT}/{PROJECT}/{BATCH}/2026-03-31T10:00:00Z")],
    ),
    (EventType.BOT_CONNECTED, {"bot_id": 4711}, [("gateway.sync", "4711")]),
    (EventType.BOT_DISCONNECTED, {"bot_id": 4711}, [("gateway.sync", "4711")]),
    (
        EventType.CREATOR_NOTICE,
        NOTICE,
        [("gateway.notice", f"{ACCOUNT}/{PROJECT}/many_wrong_guesses/{{params}}")],
    ),
    (
        EventType.ENTITLEMENTS_CHANGED,
        {"version": 6},
        PUT,
    ),
    (
        EventType.ACCOUNT_STANDING_CHANGED,
        {"from": "grace", "to": "locked", "since": "2026-03-01T10:00:00Z"},
        [*PUT, ("codes.tell_creator", f"{ACCOUNT}/{{event}}/account_locked")],
    ),
    (
        EventType.ACCOUNT_STANDING_CHANGED,
        {"from": "locked", "to": "suspended", "since": "2026-03-31T10:00:00Z"},
        [*PUT, ("codes.tell_creator", f"{ACCOUNT}/{{event}}/account_suspended"), *[END] * 2],
    ),
    (
        EventType.ACCOUNT_STANDING_CHANGED,
        {"from": "deletable", "to": "deleted", "since": "2026-03-31T10:00:00Z"},
        [*PUT, *[END] * 2, *[("codes.erase", str(ACCOUNT))] * 2],
    ),
    (EventType.PAYMENT_REQUESTED, {}, []),  # a round of due work: see below
    (EventType.CLOCK_ADVANCE_REQUESTED, {}, []),  # the clock stands where it should: see test_advance_clock.py
]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("type_", "payload", "expected"), MAPPING, ids=[row[0].value for row in MAPPING])
async def test_mapping(
    owners: Owners, queue: Queue, type_: EventType, payload: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    event_id = await queue.hand_over(type_, payload, request_id="from-telegram-1")
    await queue.empty()
    calls = [call for call in owners.calls if call.operation in owners.operations()]
    asked = [(name, what.format(event=event_id, params=NOTICE["params"])) for name, what in expected]
    done = [(call.operation, call.subject) for call in calls]
    assert sorted(done) == sorted(asked)
    # A delivery is a job of its own; the others keep their order.
    assert [one for one in done if one[0] != "gateway.deliver"] == [one for one in asked if one[0] != "gateway.deliver"]
    assert {call.request_id for call in calls} <= {"from-telegram-1"}


@pytest.mark.usefixtures("worker")
async def test_a_payment_that_somebody_waits_for_is_made_before_the_next_round(owners: Owners, queue: Queue) -> None:
    owners.due["billing"].moments = [owners.clock.now()]
    await queue.hand_over(EventType.PAYMENT_REQUESTED, {}, request_id="change-1")
    await queue.empty()
    assert owners.due["billing"].moments == []
    assert "change-1" in {call.request_id for call in owners.calls if call.operation == "billing.run_due"}


@pytest.mark.usefixtures("worker")
async def test_a_batch_without_a_chat_is_billed_and_waits(owners: Owners, queue: Queue) -> None:
    owners.chat_known = False
    await queue.hand_over(EventType.BATCH_REQUESTED, {"batch_id": str(BATCH)})
    await queue.empty()
    assert owners.operations() == ["codes.generate", "billing.confirm", "codes.billed"]


@pytest.mark.usefixtures("worker")
async def test_a_batch_that_failed_is_neither_billed_nor_delivered(owners: Owners, queue: Queue) -> None:
    owners.generates = BatchStatus.FAILED
    await queue.hand_over(EventType.BATCH_REQUESTED, {"batch_id": str(BATCH)})
    await queue.empty()
    assert owners.operations() == ["codes.generate"]


def test_every_event_type_is_mapped() -> None:
    assert set(STEPS) == set(EventType) == {row[0] for row in MAPPING}


@pytest.mark.usefixtures("worker")
async def test_an_event_handed_over_twice_has_its_effect_once(owners: Owners, queue: Queue) -> None:
    event_id = await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 1})
    await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 1}, event_id=event_id)
    await queue.empty()
    await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 1}, event_id=event_id)
    await queue.hand_over(EventType.BOT_CONNECTED, {"bot_id": 2})
    await queue.empty()
    assert [call.subject for call in owners.calls if call.operation == "gateway.sync"] == ["1", "2"]
    assert await queue.redis.pttl(f"arq:result:event:{event_id}") > 9 * 60_000  # a relay may come back minutes later


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("operation", ["gateway.let_go", "gateway.remind"])
async def test_an_outage_of_telegram_is_waited_out(owners: Owners, queue: Queue, operation: str) -> None:
    owners.fail_next(operation, 503, 503, code="dependency_unavailable")
    of_member = {"project_id": str(PROJECT), "membership_id": str(BATCH)}
    if operation == "gateway.let_go":
        await queue.hand_over(EventType.MEMBERSHIP_ENDED, of_member)
    else:
        await queue.hand_over(EventType.MEMBERSHIP_ENDING, of_member | {"ends_at": "2026-03-31T10:00:00Z"})
    await queue.empty()
    assert owners.count(operation) == 3
