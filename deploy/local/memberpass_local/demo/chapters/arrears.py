"""The second act: an account that stops paying, from the first failed charge to lock, suspension and recovery."""

from datetime import timedelta

from memberpass_local.demo.checks import eventually, must, must_equal
from memberpass_local.demo.clock import let_time_pass
from memberpass_local.demo.people import Json, Rest
from memberpass_local.demo.world import World

RETRY_DAYS = [1, 2, 4, 7, 11, 16, 22, 29]


async def stop_paying(world: World) -> None:
    """Noah's card works once. Three months pass."""
    tell = world.teller
    tell.chapter("7. An account that stops paying", "Noah's card is good for one payment only. Then time passes.")
    opened = await world.billing().call("POST", "/v1/accounts", {"email": f"noah{world.suffix}@example.com", "name": "Noah"})
    billing = world.billing(opened["api_key"])

    with tell.step("Noah subscribes to starter_monthly; the first payment goes through"):
        await billing.call("POST", "/v1/payment-methods", {"token": "pm_card_declineAfterFirst"})
        await billing.call("POST", "/v1/subscription/change", {"plan": "starter_monthly"})

    for days, expected in ((32, "grace"), (31, "locked"), (30, "suspended")):
        with tell.step(f"{days} days pass") as step:
            before, now = await let_time_pass(world, timedelta(days=days))
            account = await billing.call("GET", "/v1/account")
            must_equal("the standing", account["standing"], expected)
            step.note(f"{before:%d %b} → {now:%d %b}: {expected}")

    with tell.step("Eight automatic retries were made on their days, none more") as step:
        # Of the month that follows on one of 28 days there may be another: it fell due within the grace.
        open_ = [one for one in (await billing.call("GET", "/v1/invoices"))["data"] if one["status"] == "open"]
        invoice = min(open_, key=lambda one: int(one["number"]))
        retries = [attempt for attempt in invoice["attempts"] if attempt["kind"] == "retry"]
        must_equal("retries", len(retries), len(RETRY_DAYS))
        must_equal("next_attempt_at", invoice["next_attempt_at"], None)
        step.note(f"invoice {invoice['number']}: {len(retries)} retries, and no other is planned")

    with tell.step("A new card that works is tried at once, and the account is active again"):
        card = await billing.call("POST", "/v1/payment-methods", {"token": "pm_card_visa"})
        await billing.call("POST", f"/v1/payment-methods/{card['id']}/default")
        await eventually("the account is active", lambda: _active(billing))

    invoice = await billing.call("GET", f"/v1/invoices/{invoice['id']}")
    must_equal("the overdue invoice", invoice["status"], "paid")
    tell.table("From the first failed charge to the recovery", ["When (UTC)", "What"], await _timeline(billing, invoice))

    with tell.step("The audit finds every cent where it belongs") as step:
        rows = (await world.billing(world.urls.operator_key).call("GET", "/v1/operator/audit"))["data"]
        must(not any(row["violations"] for row in rows), f"the audit found {[row for row in rows if row['violations']]}")
        step.note(f"{len(rows)} invariants, {sum(row['checked'] for row in rows)} rows, no violation")


async def _active(billing: Rest) -> bool | None:
    return True if (await billing.call("GET", "/v1/account"))["standing"] == "active" else None


async def _timeline(billing: Rest, invoice: Json) -> list[list[str]]:
    steps = (await billing.call("GET", "/v1/account/standing-history"))["data"]
    events = [(one["created_at"], f"{one['kind'].replace('_', ' ')}: {one['status']}") for one in invoice["attempts"]]
    events += [(one["since"], f"standing {one['before']} → {one['after']}") for one in steps]
    return [[at[:16].replace("T", " "), what] for at, what in sorted(events)]
