"""SIGKILL between any two steps of a charge through Stripe: charged once, also if the dead process's request comes late."""

import asyncio

import pytest

from tests.billing_api.kills.charge import Scene, scene_of
from tests.billing_api.kills.victim import barrier, victim_running
from tests.billing_api.running import Billing
from tests.support.stripe_proxy import StripeProxy

NO_RESULT = "SELECT FROM accounts FOR UPDATE"
NO_ANSWER = "LOCK TABLE invoice_lines, due_backoffs IN ACCESS EXCLUSIVE MODE"
CHARGE = ("POST", "/v1/payment_intents")
by_request = pytest.mark.parametrize("by_request", [True, False], ids=["a first subscription", "a renewal"])


async def _charges(scene: Scene, proxy: StripeProxy) -> list[tuple[int, str]]:
    intents = await proxy.intents()
    mine = [intent for intent in intents if intent["metadata"].get("account") == str(scene.creator.id)]
    return [(intent["amount"], intent["status"]) for intent in mine]


async def _until_charged(scene: Scene, proxy: StripeProxy) -> None:
    async with asyncio.timeout(30):
        while len(await _charges(scene, proxy)) == scene.paid_before:
            await asyncio.sleep(0.005)


async def _recover(scene: Scene, proxy: StripeProxy) -> None:
    """The service is started again, due work runs, and the creator's client asks again."""
    await scene.a_minute_passes()
    await scene.due_work()
    if scene.by_request:
        await scene.again()
    await scene.due_work()
    await scene.must_be_charged_once()
    assert await _charges(scene, proxy) == [(3_900, "succeeded")] * (scene.paid_before + 1)


@by_request
async def test_killed_while_its_request_is_on_the_way(billing: Billing, proxy: StripeProxy, by_request: bool) -> None:
    scene = await scene_of(billing, by_request=by_request)
    asked, proxy.door = proxy.asked.count(CHARGE), asyncio.Event()
    async with victim_running(billing.settings) as victim:
        asking = await scene.begin(victim)
        async with asyncio.timeout(30):
            while proxy.asked.count(CHARGE) == asked:
                await asyncio.sleep(0.005)
        await victim.kill()
        assert await asking is None
    late, proxy.door = proxy.door, None
    await _recover(scene, proxy)
    late.set()
    async with asyncio.timeout(30):
        while proxy.on_the_way:
            await asyncio.sleep(0.005)
    assert await _charges(scene, proxy) == [(3_900, "succeeded")] * (scene.paid_before + 1)


@by_request
@pytest.mark.parametrize("answered", [False, True], ids=["the charge", "the result"])
async def test_killed_after(billing: Billing, proxy: StripeProxy, by_request: bool, answered: bool) -> None:
    """After the charge was made, before its result was written down; or after that, before the answer."""
    scene = await scene_of(billing, by_request=by_request)
    proxy.gate = asyncio.Event()
    async with victim_running(billing.settings) as victim, barrier(billing) as held:
        asking = await scene.begin(victim)
        await _until_charged(scene, proxy)
        await held.hold(NO_RESULT)
        proxy.gate.set()
        await held.reached(billing)
        if answered:
            await held.hold(NO_ANSWER)
            await held.let_go()
            async with asyncio.timeout(30):
                while await billing.one("SELECT count(*) FROM invoices WHERE status = 'paid'") == scene.paid_before:
                    await asyncio.sleep(0.005)
            await held.reached(billing)
        await victim.kill()
        assert await asking is None
    await _recover(scene, proxy)
