"""Due work forgets old answers and old events, in real time and rarely."""

from tests.billing_api.running import Billing, Creator, ok

OLD = "clock_timestamp() - interval '8 days'"


async def test_due_work_forgets_what_nobody_asks_for_any_more(billing: Billing, creator: Creator) -> None:
    ok(await creator.post("/v1/api-keys", {"name": "Old"}, key="old"), 201)
    await billing.rows(f"UPDATE idempotency_keys SET created_at = {OLD}")
    ok(await creator.post("/v1/api-keys", {"name": "New"}, key="new"), 201)
    await billing.rows(f"UPDATE outbox SET published_at = {OLD}")
    await billing.open_account()
    billing.clock.advance(days=400)
    await billing.internal.run_due()
    assert await billing.one("SELECT count(*) FROM idempotency_keys") == 1, "a sandbox jump forgets nothing early"
    assert await billing.one(f"SELECT count(*) FROM outbox WHERE published_at <= {OLD}") == 0
    await billing.rows(f"UPDATE idempotency_keys SET created_at = {OLD}")
    await billing.internal.run_due()
    assert await billing.one("SELECT count(*) FROM idempotency_keys") == 1, "not again within the hour"
