"""An account that stops paying, across all services: told on Telegram at each step, locked, suspended, and back."""

import pytest
from memberpass_local.demo.checks import eventually
from memberpass_local.demo.people import Rest
from memberpass_local.demo.world import World
from memberpass_local.stack import LocalStack

from tests.e2e.shop import Shop, open_shop

DAY_S = 86_400
pytestmark = pytest.mark.timeout(180)


async def _days(operator: Rest, days: float) -> None:
    await operator.call("POST", "/v1/sandbox/clock", {"seconds": round(days * DAY_S)})

    async def ready() -> bool | None:
        return True if (await operator.call("GET", "/v1/sandbox/clock"))["status"] == "ready" else None

    await eventually("the clock stands", ready, patience=60, every=0.1)


async def _told(shop: Shop, what: str) -> None:
    async def look() -> bool | None:
        texts = [message["text"] for message in await shop.chat.messages() if message["from_bot"]]
        return True if sum(what in text for text in texts) == 1 else None

    await eventually(f"told once: {what}", look, patience=60, every=0.1)


async def _code(shop: Shop) -> str | None:
    body = {"plan_id": shop.plan, "quantity": 1, "expiry": {"preset": "no_expiry"}, "consent": True}
    code: str | None = (await shop.codes.send("POST", f"{shop.project}/batches", body)).json().get("code")
    return code


async def test_an_account_that_stops_paying(stack: LocalStack, world: World) -> None:
    shop, operator = await open_shop(world), world.billing(stack.operator_key)
    card = await shop.billing.call("POST", "/v1/payment-methods", {"token": "pm_card_declineAfterFirst"})
    await shop.billing.call("POST", f"/v1/payment-methods/{card['id']}/default")
    await shop.billing.call("POST", "/v1/subscription/change", {"plan": "starter_monthly"})
    await _days(operator, 31)
    await _told(shop, "a payment failed")
    assert await _code(shop) is None, "grace restricts nothing"
    await _days(operator, 31)
    await _told(shop, "your account is locked")
    assert await _code(shop) == "account_locked"
    await _days(operator, 30)
    await _told(shop, "your account is suspended")
    assert (await shop.billing.call("GET", "/v1/account"))["standing"] == "suspended"
    good = await shop.billing.call("POST", "/v1/payment-methods", {"token": "pm_card_visa"})
    await shop.billing.call("POST", f"/v1/payment-methods/{good['id']}/default")
    await _told(shop, "everything is paid")
    assert (await shop.billing.call("GET", "/v1/account"))["standing"] == "active"

    async def sells_again() -> bool | None:
        return True if await _code(shop) is None else None

    await eventually("codes can be generated again", sells_again, every=0.2)
    audit = await operator.call("GET", "/v1/operator/audit")
    assert [row for row in audit["data"] if row["violations"]] == []
