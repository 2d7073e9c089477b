"""Batches on their way to the creator's chat (rules.md T2, T3)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from shared.clients.gateway import GatewayClient
from shared.contracts.batches import DeliverBatch, DeliveryOutcome, DeliveryOutcomeStatus

from tests.bot_gateway.house import TOKEN, House, Neighbours, gateway
from tests.support.codes_stand_in import Batch, GoodCode, plan
from tests.support.refusal import Refusal

OWNER = 7
EXPIRES = datetime(2026, 8, 3, 10, tzinfo=UTC)


def codes(count: int) -> list[str]:
    return [f"ABCD-EFGH-JKMN-P{number:03}" for number in range(count)]


async def new_batch(house: House, count: int = 3, **changes: Any) -> UUID:
    """A batch for a creator who has opened the chat."""
    await house.person(OWNER).say("/help")
    batch_id = uuid4()
    values: dict[str, Any] = {"bot_id": house.bot_id, "chat_id": OWNER, "codes": codes(count), "plan": plan("Gold")}
    house.codes.batches[batch_id] = Batch(**(values | {"join": f"https://t.me/{house.username}?start=code_"} | changes))
    return batch_id


async def deliver(house: House, batch_id: UUID) -> DeliveryOutcome:
    return await house.client.deliver(DeliverBatch(account_id=house.codes.account_id, batch_id=batch_id))


async def received(house: House) -> list[str]:
    return (await house.sent(OWNER))[1:]


async def test_one_message_a_code_and_no_other(webhook: House) -> None:
    batch_id = await new_batch(webhook, expires_at=EXPIRES, label="not for members")
    outcome = await deliver(webhook, batch_id)
    assert (outcome.status, outcome.sent) == (DeliveryOutcomeStatus.DELIVERED, 3)
    messages = (await webhook.person(OWNER).heard())[1:]
    assert len(messages) == 3
    for code, message in zip(codes(3), messages, strict=True):
        assert code in message["text"]
        assert "Gold" in message["text"]
        assert f"https://t.me/{webhook.username}?start=code_{code.replace('-', '')}" in message["text"]
        assert "3 August 2026, 10:00 UTC" in message["text"]
        assert "not for members" not in message["text"]
        assert "MemberPass" not in message["text"]
        tappable = [entity for entity in message["entities"] if entity["type"] == "code"]
        assert [message["text"][one["offset"] : one["offset"] + one["length"]] for one in tappable] == [code]
    batch = webhook.codes.batches[batch_id]
    assert batch.reports == [1, 2, 3]
    assert batch.message_ids == [message["message_id"] for message in messages]


async def test_a_delivered_code_can_be_forwarded_to_the_bot(webhook: House) -> None:
    batch_id = await new_batch(webhook, 1)
    await deliver(webhook, batch_id)
    webhook.codes.good["ABCDEFGHJKMNP000"] = GoodCode(plan("Gold"))
    [text] = await received(webhook)
    assert "Welcome to Gold" in (await webhook.person(88).say(text))["text"]


async def test_the_branding_of_a_free_plan(webhook: House) -> None:
    await deliver(webhook, await new_batch(webhook, 1, branded=True))
    assert "Powered by MemberPass" in (await received(webhook))[0]


async def test_hostile_names_in_deliveries(webhook: House) -> None:
    await deliver(webhook, await new_batch(webhook, 1, plan=plan("<b>&</code>" * 40), expires_at=EXPIRES))
    assert "<b>&</code>" in (await received(webhook))[0]
    await deliver(webhook, await new_batch(webhook, 30, plan=plan("<i>&" * 90), label="<u>" * 90, csv=b"a,b\r\n"))
    assert "<i>&" in (await received(webhook))[-1]


async def test_a_large_batch_is_one_document(webhook: House) -> None:
    batch_id = await new_batch(webhook, 200, csv=b"Access Code,Plan Name\r\n", label="Summer", expires_at=EXPIRES)
    outcome = await deliver(webhook, batch_id)
    assert (outcome.status, outcome.sent) == (DeliveryOutcomeStatus.DELIVERED, 200)
    [message] = (await webhook.person(OWNER).heard())[1:]
    assert message["document"]["file_name"] == "codes.csv"
    assert (await webhook.telegram.get(message["document"]["url"])).content == b"Access Code,Plan Name\r\n"
    for part in ("200 access codes", "Gold", "Summer", "3 August 2026"):
        assert part in message["text"]
    assert webhook.codes.batches[batch_id].reports == [200]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("delivery_done", DeliveryOutcomeStatus.DELIVERED),
        ("delivery_leased", DeliveryOutcomeStatus.LEASED),
        ("delivery_waiting", DeliveryOutcomeStatus.WAITING),
    ],
)
async def test_what_codes_api_says_instead_of_a_claim(webhook: House, code: str, status: DeliveryOutcomeStatus) -> None:
    batch_id = await new_batch(webhook)
    webhook.codes.claim_refusals[batch_id] = Refusal(409, code)
    outcome = await deliver(webhook, batch_id)
    assert (outcome.status, outcome.sent) == (status, 0)
    assert await received(webhook) == []


async def test_a_second_delivery_sends_nothing(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    await deliver(webhook, batch_id)
    assert (await deliver(webhook, batch_id)).sent == 0
    assert len(await received(webhook)) == 3


async def test_it_goes_on_where_it_stopped(webhook: House) -> None:
    batch_id = await new_batch(webhook, delivered=2)
    assert (await deliver(webhook, batch_id)).sent == 1
    [text] = await received(webhook)
    assert codes(3)[2] in text


async def test_a_long_rest_gives_the_delivery_back(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    await webhook.fail_next(method="sendMessage", status=429, retry_after=600)
    outcome = await deliver(webhook, batch_id)
    assert (outcome.status, outcome.sent, outcome.retry_after) == (DeliveryOutcomeStatus.PAUSED, 0, 600)
    assert webhook.codes.batches[batch_id].released == 1
    assert (await deliver(webhook, batch_id)).sent == 3
    assert len(await received(webhook)) == 3


async def test_a_short_rest_is_waited_for_under_the_lease(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    await webhook.fail_next(method="sendMessage", status=429, retry_after=1)
    assert (await deliver(webhook, batch_id)).sent == 3
    assert webhook.codes.batches[batch_id].reports == [0, 1, 2, 3]
    assert webhook.codes.batches[batch_id].released == 0
    assert len(await received(webhook)) == 3


async def test_an_outage_of_telegram_gives_the_delivery_back(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    await webhook.fail_next(method="sendMessage", status=502)
    outcome = await deliver(webhook, batch_id)
    assert outcome.status is DeliveryOutcomeStatus.PAUSED
    assert outcome.retry_after is not None
    assert (await deliver(webhook, batch_id)).sent == 3


async def test_a_lost_answer_repeats_one_message_at_most(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    await webhook.fail_next(method="sendMessage", status=504, after=True)
    await deliver(webhook, batch_id)
    await deliver(webhook, batch_id)
    texts = await received(webhook)
    assert len(texts) == 4
    assert len(set(texts)) == 3


async def test_a_creator_who_blocked_the_bot(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    await webhook.telegram.put(f"/sandbox/chats/{webhook.username}/{OWNER}/block", json={"blocked": True})
    outcome = await deliver(webhook, batch_id)
    assert outcome.status is DeliveryOutcomeStatus.WAITING
    assert webhook.codes.batches[batch_id].released == 1


async def test_a_lost_lease_stops_at_once(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    webhook.codes.lose_lease_after = 2
    outcome = await deliver(webhook, batch_id)
    assert (outcome.status, outcome.sent) == (DeliveryOutcomeStatus.LEASED, 2)
    assert len(await received(webhook)) == 2


async def test_a_bot_that_is_gone(webhook: House) -> None:
    batch_id = await new_batch(webhook)
    webhook.codes.bots.clear()
    await webhook.client.sync_bot(webhook.bot_id)
    assert (await deliver(webhook, batch_id)).status is DeliveryOutcomeStatus.WAITING
    assert webhook.codes.batches[batch_id].released == 1


async def test_a_gateway_that_has_just_started_knows_the_bot(webhook: House, around: Neighbours, redis_url: str) -> None:
    batch_id = await new_batch(webhook)
    ref = DeliverBatch(account_id=webhook.codes.account_id, batch_id=batch_id)
    async with (
        gateway(around, redis_url, telegram_mode="webhook") as fresh,
        GatewayClient("bot-gateway", fresh.url, TOKEN, retry=False) as client,
    ):
        assert (await client.deliver(ref)).sent == 3
