"""SIGKILL between any two steps of a charge, the sandbox processor: charged once, whoever comes next."""

import asyncio

import pytest
from billing_api.payments.models import PaymentAttempt

from tests.billing_api.kills.charge import Scene, scene_of
from tests.billing_api.kills.victim import barrier, victim_running
from tests.billing_api.running import Billing

NO_ATTEMPT = "LOCK TABLE payment_attempts IN EXCLUSIVE MODE"
NO_CALL = "LOCK TABLE sandbox_charges IN ACCESS EXCLUSIVE MODE"
NO_CHARGE = "LOCK TABLE sandbox_charges IN EXCLUSIVE MODE"
NO_RESULT = "SELECT FROM accounts FOR UPDATE"
NO_ANSWER = "LOCK TABLE invoice_lines, due_backoffs IN ACCESS EXCLUSIVE MODE"

STEPS = {
    "before the attempt is committed": ([NO_ATTEMPT], 0, 0, False),
    "before the call": ([NO_CALL], 1, 0, False),
    "during the call": ([NO_CHARGE], 1, 0, False),
    "before the result is written down": ([NO_CHARGE, NO_RESULT], 1, 1, False),
    "before the answer": ([NO_CHARGE, NO_RESULT, NO_ANSWER], 1, 1, True),
}
"""What stops it there; how many attempts and charges there are then, and whether the invoice is paid."""


async def _killed_at(scene: Scene, step: str) -> None:
    billing, (holds, attempts, charges, paid) = scene.billing, STEPS[step]
    async with victim_running(billing.settings) as victim, barrier(billing) as held:
        await held.hold(holds[0])
        asking = await scene.begin(victim)
        await held.reached(billing)
        for following in holds[1:]:
            await held.hold(following)
            await held.let_go()
            await _until(scene, charges=1, paid=following == NO_ANSWER)
            await held.reached(billing)
        await victim.kill()
        assert await asking is None, "it answered before it died"
    before = scene.paid_before
    assert await billing.one("SELECT count(*) FROM payment_attempts") == before + attempts
    assert len(await billing.charges()) == before + charges
    assert await billing.one("SELECT count(*) FROM invoices WHERE status = 'paid'") == before + paid


async def _until(scene: Scene, *, charges: int, paid: bool) -> None:
    async with asyncio.timeout(30):
        while len(await scene.billing.charges()) < scene.paid_before + charges:
            await asyncio.sleep(0.005)
        while paid and await scene.billing.one("SELECT count(*) FROM invoices WHERE status = 'paid'") == scene.paid_before:
            await asyncio.sleep(0.005)


async def _must_be_taken_once(scene: Scene) -> None:
    await scene.must_be_charged_once()
    assert await scene.billing.charges() == [(3_900, "succeeded")] * (scene.paid_before + 1)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("first", ["the creator", "due work"])
async def test_a_first_subscription_is_charged_once(billing: Billing, step: str, first: str) -> None:
    scene = await scene_of(billing, by_request=True)
    await _killed_at(scene, step)
    await scene.a_minute_passes()
    if first == "due work":
        await scene.due_work()
    await scene.again()
    await scene.due_work()
    await _must_be_taken_once(scene)


@pytest.mark.parametrize("step", STEPS)
async def test_a_renewal_is_charged_once(billing: Billing, step: str) -> None:
    scene = await scene_of(billing, by_request=False)
    await _killed_at(scene, step)
    await scene.a_minute_passes()
    await scene.due_work()
    await _must_be_taken_once(scene)


async def test_without_the_key_that_was_written_down_it_would_be_charged_twice(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    scene = await scene_of(billing, by_request=False)
    await _killed_at(scene, "before the result is written down")
    await scene.a_minute_passes()
    monkeypatch.setattr(PaymentAttempt, "idempotency_key", property(lambda self: f"{self.invoice_id}:{self.account_id}"))
    await scene.due_work()
    assert await billing.charges() == [(3_900, "succeeded")] * 3
