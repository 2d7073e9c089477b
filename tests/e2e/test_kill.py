"""SIGKILL of any one process during a batch: exactly its quantity, billed once, delivered once but for one message."""

import asyncio

import pytest
from memberpass_local.demo.world import World
from memberpass_local.stack import LocalStack

from tests.e2e.shop import CENTS, FEE_PERCENT, FREE_CODES, Shop, open_shop, some_sent
from tests.support.background import BackgroundLoop

QUANTITY = 12
FEE = {"amount": (QUANTITY - FREE_CODES) * CENTS * FEE_PERCENT // 100, "currency": "USD"}
pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("victim", ["codes-api", "billing-api", "jobs", "redis", "postgres"])
async def test_a_batch_survives_a_kill_right_after_it_was_requested(
    victim: str, stack: LocalStack, world: World, background: BackgroundLoop
) -> None:
    shop = await open_shop(world)
    batch = await shop.request(QUANTITY)
    await _kill_and_start(stack, background, victim)
    await _must_be_whole(shop, batch["id"], world, stack)


@pytest.mark.parametrize("victim", ["codes-api", "bot-gateway", "jobs", "redis", "telegram"])
async def test_a_batch_survives_a_kill_while_it_is_sent(
    victim: str, stack: LocalStack, world: World, background: BackgroundLoop
) -> None:
    shop = await open_shop(world)
    batch = await shop.request(QUANTITY)
    await some_sent(shop)
    await _kill_and_start(stack, background, victim)
    await _must_be_whole(shop, batch["id"], world, stack)


async def _kill_and_start(stack: LocalStack, background: BackgroundLoop, victim: str) -> None:
    await asyncio.to_thread(background.run, stack.kill(victim))
    await asyncio.to_thread(background.run, stack.start(victim))


async def _must_be_whole(shop: Shop, batch_id: str, world: World, stack: LocalStack) -> None:
    done = await shop.delivered(batch_id)
    assert (done["status"], done["generated"]) == ("ready", QUANTITY)
    existing = await shop.listed_codes()
    assert len(existing) == QUANTITY

    usage = await shop.billing.call("GET", "/v1/usage")
    assert usage["codes"] == {"included": FREE_CODES, "used": QUANTITY, "remaining": 0}
    assert usage["pending_fees"] == FEE

    sent = await shop.sent_codes()
    assert set(sent) == existing
    assert sum(sent.values()) - len(sent) <= 1, "more than the message under way was repeated"

    audit = await world.billing(stack.operator_key).call("GET", "/v1/operator/audit")
    assert [row for row in audit["data"] if row["violations"]] == []
