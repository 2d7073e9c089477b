"""Upgrades, downgrades, cancel, resume, and the cycle's turn (`rules.md` B3-B7, B9, B10)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.billing_api.running import Billing, Creator, Json, ok, refused


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def to_half(billing: Billing, creator: Creator) -> None:
    """Move the clock to the middle of the running period."""
    period = await creator.get("/v1/subscription")
    start, end = at(period["current_period_start"]), at(period["current_period_end"])
    billing.clock.move_to(start + (end - start) / 2)


async def to_turn(billing: Billing, creator: Creator) -> None:
    """Move the clock to the end of the running period and do what is due."""
    billing.clock.move_to(at((await creator.get("/v1/subscription"))["current_period_end"]))
    await billing.run_due()


def cents(shown: Json, *names: str) -> list[int]:
    return [shown[name]["amount"] for name in names]


async def test_half_of_39_unused_to_89_charges_69_50(billing: Billing, starter: Creator) -> None:
    await to_half(billing, starter)
    preview = ok(await starter.preview("growth_monthly"))
    assert preview["kind"] == "upgrade"
    assert cents(preview, "credit", "cost", "amount_due", "credit_to_balance") == [1950, 8900, 6950, 0]
    changed = ok(await starter.change("growth_monthly"))
    assert changed["subscription"]["plan"] == "growth_monthly"
    assert [line["amount"]["amount"] for line in changed["invoice"]["lines"]] == [8900, -1950]
    assert changed["credit_entry"] is None
    asked_for = "SELECT count(*) FROM outbox WHERE type = 'invoice.payment_requested' AND account_id = :mine"
    assert await billing.one(asked_for, mine=starter.id) == 1  # jobs need not wait for its next round
    await billing.run_due()
    paid = (await starter.invoices())[-1]
    assert (paid["status"], paid["amount_due"]["amount"]) == ("paid", 6950)
    assert await billing.charges() == [(3900, "succeeded"), (6950, "succeeded")]
    assert await starter.codes() == (500, 0, 500)
    await billing.check_audit()


async def test_half_of_89_to_39_gives_25_and_the_next_invoice_charges_14(billing: Billing) -> None:
    creator = await billing.subscribed("growth_monthly")
    before = await creator.get("/v1/subscription")
    await creator.generate(150)
    await to_half(billing, creator)
    preview = ok(await creator.preview("starter_monthly"))
    assert preview["kind"] == "downgrade"
    assert cents(preview, "credit", "cost", "amount_due", "credit_to_balance") == [4450, 1950, 0, 2500]
    changed = ok(await creator.change("starter_monthly"))
    assert changed["invoice"] is None
    assert cents(changed["credit_entry"], "amount", "balance_after") == [2500, 2500]
    after = changed["subscription"]
    assert (after["current_period_start"], after["current_period_end"]) == (
        before["current_period_start"],
        before["current_period_end"],
    )
    assert await creator.codes() == (200, 150, 50)
    await to_turn(billing, creator)
    invoice = (await creator.invoices())[-1]
    assert cents(invoice, "total", "credit_applied", "amount_due") == [3900, 2500, 1400]
    assert invoice["status"] == "paid"
    assert await creator.balance() == 0
    assert await billing.charges() == [(8900, "succeeded"), (1400, "succeeded")]
    await billing.check_audit()


async def test_half_of_89_to_free_gives_44_50_which_pays_fees(billing: Billing) -> None:
    creator = await billing.subscribed("growth_monthly")
    await to_half(billing, creator)
    changed = ok(await creator.change("free"))
    assert changed["invoice"] is None
    assert changed["credit_entry"]["amount"]["amount"] == 4450
    assert await creator.codes() == (5, 0, 5)
    await creator.generate(25, price=1000, fee=2000)
    await to_turn(billing, creator)
    invoice = (await creator.invoices())[-1]
    assert cents(invoice, "total", "credit_applied", "amount_due") == [2000, 2000, 0]
    assert [line["kind"] for line in invoice["lines"]] == ["plan", "usage_fee"]
    assert await creator.balance() == 2450
    await billing.check_audit()


async def test_the_old_fee_rate_stays_with_past_items(billing: Billing, starter: Creator) -> None:
    await starter.generate(300, fee=300)
    ok(await starter.change("growth_monthly"))
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 300
    await starter.generate(600, fee=100)
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 400
    await to_turn(billing, starter)
    assert [line["amount"]["amount"] for line in (await starter.invoices())[-1]["lines"]] == [8900, 300, 100]
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 0
    await billing.check_audit()


async def test_credit_beyond_the_new_price_goes_to_the_balance(billing: Billing) -> None:
    creator = await billing.subscribed("starter_yearly")
    changed = ok(await creator.change("growth_monthly"))
    assert changed["invoice"]["status"] == "paid"
    assert changed["invoice"]["total"]["amount"] == 0
    assert changed["credit_entry"]["amount"]["amount"] == 39000 - 8900
    assert await billing.charges() == [(39000, "succeeded")]
    await billing.check_audit()


async def test_year_to_month_starts_a_new_period_and_costs_nothing_more(billing: Billing) -> None:
    creator = await billing.subscribed("growth_yearly")
    await to_half(billing, creator)
    preview = ok(await creator.preview("growth_monthly"))
    assert (preview["kind"], *cents(preview, "credit", "cost", "credit_to_balance")) == ("downgrade", 44500, 8900, 35600)
    changed = ok(await creator.change("growth_monthly"))
    assert at(changed["subscription"]["current_period_end"]) - billing.clock.now() < timedelta(days=32)
    assert await creator.balance() == 35600
    await billing.check_audit()


async def test_a_change_waits_for_the_running_periods_invoice(billing: Billing) -> None:
    creator = await billing.subscribed("starter_monthly", "pm_card_declineAfterFirst")
    ok(await creator.change("growth_monthly"))
    await billing.run_due()
    assert (await creator.invoices())[-1]["attempts"][0]["status"] == "declined"
    for answer in (await creator.preview("starter_monthly"), await creator.change("free")):
        refused(answer, 409, "open_invoice")
    assert await creator.balance() == 0
    await billing.check_audit()


async def test_a_downgrade_under_present_usage_names_each_limit(billing: Billing, starter: Creator) -> None:
    billing.codes.projects, billing.codes.lifetime_memberships = 4, 5001
    for answer in (await starter.preview("free"), await starter.change("free")):
        problem = refused(answer, 409, "limits_exceeded")
        assert problem["exceeded"] == [
            {"limit": "projects", "used": 4, "allowed": 3},
            {"limit": "lifetime_memberships", "used": 5001, "allowed": 5000},
        ]
    billing.codes.projects, billing.codes.lifetime_memberships = 3, 5000
    ok(await starter.change("free"))


async def test_codes_api_is_asked_for_downgrades_only(billing: Billing, starter: Creator) -> None:
    ok(await starter.preview("growth_monthly"))
    ok(await starter.change("growth_monthly"))
    assert billing.codes.asked == 0


async def test_a_preview_of_the_first_subscription(creator: Creator) -> None:
    preview = ok(await creator.preview("starter_monthly"))
    assert preview["kind"] == "subscribe"
    assert cents(preview, "credit", "cost", "amount_due", "credit_to_balance") == [0, 3900, 3900, 0]
    assert await creator.invoices() == []
    assert await creator.plan() == "free"


async def test_a_locked_account_changes_nothing(billing: Billing, starter: Creator, creator: Creator) -> None:
    await creator.add_card()
    await billing.rows("UPDATE accounts SET standing = 'locked'")
    refused(await starter.change("growth_monthly"), 403, "account_locked")
    refused(await creator.change("growth_monthly"), 403, "account_locked")


async def test_a_change_is_replayed(billing: Billing, starter: Creator) -> None:
    await to_half(billing, starter)
    first = ok(await starter.change("free", key="k"))
    assert ok(await starter.change("free", key="k")) == first
    assert await starter.balance() == 1950


async def test_cancelled_it_works_to_the_end_and_then_is_free(billing: Billing, starter: Creator) -> None:
    canceled = ok(await starter.post("/v1/subscription/cancel"))
    assert (canceled["plan"], canceled["status"], canceled["cancel_at_period_end"]) == ("starter_monthly", "active", True)
    assert ok(await starter.post("/v1/subscription/cancel")) == canceled
    end = canceled["current_period_end"]
    await to_turn(billing, starter)
    ended = await starter.get("/v1/subscription")
    assert (ended["plan"], ended["status"], ended["current_period_start"]) == ("free", "active", end)
    refused(await starter.post("/v1/subscription/resume"), 409, "subscription_expired")
    refused(await starter.post("/v1/subscription/cancel"), 409, "not_subscribed")
    assert (await billing.internal.entitlements(starter.id)).plan == "free"
    assert await billing.charges() == [(3900, "succeeded")]
    await billing.check_audit()


async def test_resumed_it_goes_on(billing: Billing, starter: Creator) -> None:
    ok(await starter.post("/v1/subscription/cancel"))
    assert ok(await starter.post("/v1/subscription/resume"))["cancel_at_period_end"] is False
    await to_turn(billing, starter)
    assert await starter.plan() == "starter_monthly"
    assert await billing.charges() == [(3900, "succeeded")] * 2


async def test_a_change_takes_a_cancellation_back(billing: Billing) -> None:
    creator = await billing.subscribed("growth_monthly")
    for plan in ("starter_monthly", "growth_monthly"):
        ok(await creator.post("/v1/subscription/cancel"))
        assert ok(await creator.change(plan))["subscription"]["cancel_at_period_end"] is False
        await billing.run_due()


async def test_the_free_plan_has_nothing_to_resume(creator: Creator) -> None:
    refused(await creator.post("/v1/subscription/resume"), 409, "not_subscribed")


async def test_renewals_keep_the_anchors_day(billing: Billing) -> None:
    now = billing.clock.now()
    billing.clock.move_to(datetime(now.year + 1, 1, 31, 10, tzinfo=now.tzinfo))
    creator = await billing.subscribed("starter_monthly")
    ends = []
    for _ in range(3):
        period: Any = await creator.get("/v1/subscription")
        ends.append(at(period["current_period_end"]).day)
        await to_turn(billing, creator)
    assert ends[0] in {28, 29}
    assert ends[1:] == [31, 30]
    assert [invoice["status"] for invoice in await creator.invoices()] == ["paid"] * 4
    await billing.check_audit()


async def test_an_annual_plan_invoices_its_fees_each_month(billing: Billing) -> None:
    creator = await billing.subscribed("starter_yearly")
    await creator.generate(900)
    await creator.generate(900)
    await creator.generate(900, fee=300)
    period = await creator.get("/v1/subscription")
    billing.clock.move_to(at(period["current_period_start"]) + timedelta(days=31))
    await billing.run_due()
    invoice = (await creator.invoices())[-1]
    assert [line["kind"] for line in invoice["lines"]] == ["usage_fee"]
    assert (invoice["status"], invoice["amount_due"]["amount"]) == ("paid", 300)
    assert await creator.codes() == (2600, 2700, 0), "the quota's cycle is the year"
    billing.clock.advance(days=31)
    await billing.run_due()
    assert len(await creator.invoices()) == 2, "a month without fees has no invoice"
    await billing.check_audit()


async def test_a_renewal_that_is_declined_is_overdue_and_open(billing: Billing) -> None:
    creator = await billing.subscribed("starter_monthly", "pm_card_declineAfterFirst")
    await to_turn(billing, creator)
    invoice = (await creator.invoices())[-1]
    assert (invoice["status"], invoice["amount_remaining"]["amount"]) == ("open", 3900)
    assert await billing.one("SELECT count(*) FROM invoices WHERE overdue_since IS NOT NULL") == 1


async def test_an_outage_at_the_turn_is_asked_again_and_charges_once(billing: Billing, starter: Creator) -> None:
    await billing.rows("UPDATE payment_methods SET processor_reference = 'pm_card_outage:1'")
    await to_turn(billing, starter)
    invoice = (await starter.invoices())[-1]
    assert [attempt["status"] for attempt in invoice["attempts"]] == ["unknown"]
    assert await billing.one("SELECT count(*) FROM invoices WHERE overdue_since IS NOT NULL") == 0, "no decline (D1)"
    await billing.rows("UPDATE payment_methods SET processor_reference = 'pm_card_visa:1'")
    billing.clock.advance(minutes=1)
    await billing.run_due()
    invoice = (await starter.invoices())[-1]
    assert (invoice["status"], [attempt["status"] for attempt in invoice["attempts"]]) == ("paid", ["succeeded"])
    await billing.check_audit()


@pytest.mark.parametrize("months", [1, 14])
async def test_turns_that_were_missed_are_made_up_in_order(billing: Billing, starter: Creator, months: int) -> None:
    billing.clock.advance(days=31 * months)
    await billing.run_due()
    invoices = await starter.invoices()
    starts = [invoice["lines"][0]["period_start"] for invoice in invoices]
    assert starts == sorted(starts)
    assert len(set(starts)) == len(invoices) >= months + 1
    assert [invoice["number"] for invoice in invoices] == list(range(1, len(invoices) + 1))
    await billing.check_audit()


async def test_a_lower_tier_that_costs_more_charges_the_rest_and_mints_no_credit(billing: Billing) -> None:
    """A custom plan may do so: the cycle stays (B4), and the period is paid when that is (B5)."""
    creator = await billing.subscribed("growth_monthly")
    await billing.custom_plan(creator, tier=1, price={"amount": 50_000, "currency": "USD"})
    before = await creator.get("/v1/subscription")
    await to_half(billing, creator)
    preview = ok(await creator.preview("agency"))
    assert cents(preview, "credit", "cost", "amount_due", "credit_to_balance") == [4_450, 25_000, 20_550, 0]
    changed = ok(await creator.change("agency"))
    assert [line["amount"]["amount"] for line in changed["invoice"]["lines"]] == [25_000, -4_450]
    assert changed["subscription"]["current_period_end"] == before["current_period_end"]
    refused(await creator.change("free"), 409, "open_invoice")
    await billing.run_due()
    assert await billing.charges() == [(8_900, "succeeded"), (20_550, "succeeded")]
    given = ok(await creator.change("free"))["credit_entry"]["amount"]["amount"]
    assert 24_990 <= given <= 25_000, "what was paid for the rest, and no more"
    await billing.check_audit()
