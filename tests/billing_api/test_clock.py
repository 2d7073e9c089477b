"""The sandbox clock: operators move it, and what falls due on the way is done in its order."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from billing_api.main import create_app
from pydantic import SecretStr
from shared.clients.billing import BillingClient
from shared.clock import SystemClock
from shared.contracts.sandbox import ClockStatus, MoveClock
from shared.errors import RemoteProblem

from tests.billing_api.running import SERVICE_TOKEN, Billing, Creator, ok, refused, settings_for
from tests.support.clock import MovableClock


async def _jobs(billing: Billing) -> None:
    """One advance, as jobs makes it."""
    while (shown := await billing.internal.sandbox_time()).target is None:
        await asyncio.sleep(0.005)
    target = shown.target
    assert target is not None
    while (due := (await billing.internal.next_due()).next_due_at) is not None and due <= target:
        await billing.internal.move_clock(MoveClock(to=due))
        await billing.run_due()
    assert (await billing.internal.move_clock(MoveClock(to=target, finished=True))).status is ClockStatus.READY


@pytest.mark.parametrize("body", [{"seconds": 90 * 86_400}, {"to": (datetime.now(UTC) + timedelta(days=90)).isoformat()}])
async def test_an_advance_runs_what_is_due_in_order(billing: Billing, starter: Creator, body: dict[str, Any]) -> None:
    post = billing.http.post("/v1/sandbox/clock", json=body, headers=billing.operator)
    answer, _ = await asyncio.gather(post, _jobs(billing))
    shown = ok(answer)
    assert shown["status"] == "ready"
    assert abs(billing.clock.now() - datetime.fromisoformat(shown["now"])) < timedelta(minutes=1)
    assert billing.clock.now() - datetime.now(UTC) > timedelta(days=89)
    invoices = await starter.invoices()
    assert len(invoices) == 3
    issued = [invoice["issued_at"][:10] for invoice in invoices]
    assert issued == [invoice["lines"][0]["period_start"][:10] for invoice in invoices]
    await billing.check_audit()


async def test_the_clock_goes_no_way_back(billing: Billing) -> None:
    past = (billing.clock.now() - timedelta(seconds=5)).isoformat()
    for body, field in (({"to": past}, "to"), ({"seconds": -1}, "seconds")):
        answer = await billing.http.post("/v1/sandbox/clock", json=body, headers=billing.operator)
        assert refused(answer, 422, "validation_failed")["errors"][0]["field"] == field


async def test_a_malformed_advance_is_refused(billing: Billing) -> None:
    both = {"to": "2030-01-01T00:00:00Z", "seconds": 1}
    given: list[dict[str, Any]] = [{}, both, {"to": "tomorrow"}, {"to": "2030-01-01T00:00:00"}, {"seconds": 1.5}]
    given += [{"to": 1_900_000_000}, {"to": "1900000000"}, {"to": "9999-12-31T23:59:59Z"}, {"seconds": 101 * 366 * 86_400}]
    for body in given:
        answer = await billing.http.post("/v1/sandbox/clock", json=body, headers=billing.operator)
        refused(answer, 422, "validation_failed")


async def test_a_later_target_keeps_the_advance_going(billing: Billing) -> None:
    now = billing.clock.now()
    near, far = now + timedelta(hours=1), now + timedelta(hours=2)
    await billing.rows("INSERT INTO sandbox_clock (id, target) VALUES (1, :far)", far=far)
    shown = await billing.internal.move_clock(MoveClock(to=near, finished=True))
    assert (shown.status, shown.target) == (ClockStatus.ADVANCING, far)
    assert (await billing.internal.move_clock(MoveClock(to=far, finished=True))).status is ClockStatus.READY


async def test_outside_the_sandbox_there_is_no_clock_to_move(
    billing_database_url: str, redis_url: str, clock: MovableClock
) -> None:
    settings = settings_for(billing_database_url, redis_url, clock).model_copy(update={"sandbox": False})
    assert isinstance(settings.clock(), SystemClock)
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://billing") as http:
        operator = {"Authorization": f"Bearer {settings.operator_key.get_secret_value()}"}
        refused(await http.get("/v1/sandbox/clock", headers=operator), 404, "not_found")
        internal = BillingClient("billing-api", "http://billing", SecretStr(SERVICE_TOKEN), transport=transport)
        async with internal:
            with pytest.raises(RemoteProblem) as refusal:
                await internal.sandbox_time()
        assert refusal.value.problem_status == 404
