"""Sales that services and operators report (`rules.md` B6, B13)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from billing_api.audit.invariants import look_at_all
from billing_api.usage import report_sale as reporting
from shared.calendar import rfc3339
from shared.contracts.sales import ReportSale
from shared.errors import RemoteProblem
from shared.ids import new_id
from shared.money import Money, usd
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.billing_api.running import Billing, Creator, Json, no_lock, ok, refused
from tests.support.races import meet


def told(creator: Creator, name: str = "order-1", amount: Money | int = 2_500, at: datetime | None = None, **other: Any) -> Json:
    money = usd(amount) if isinstance(amount, int) else amount
    moment = rfc3339(at or creator.billing.clock.now())
    said = {
        "account_id": str(creator.id),
        "external_id": name,
        "amount": money.model_dump(),
        "occurred_at": moment,
        "via": "paypal",
    }
    return {**said, **other}


async def report(creator: Creator, *args: Any, **other: Any) -> Any:
    billing = creator.billing
    return await billing.http.post("/v1/operator/sales", headers=billing.operator, json=told(creator, *args, **other))


async def items(creator: Creator, **query: Any) -> list[Json]:
    data: list[Json] = (await creator.get("/v1/usage/items", **query))["data"]
    return data


async def pending(creator: Creator) -> int:
    fees: int = (await creator.get("/v1/usage"))["pending_fees"]["amount"]
    return fees


async def test_a_sale_owes_its_fee_at_once_and_it_is_invoiced_at_the_next_turn(billing: Billing, starter: Creator) -> None:
    sale = ok(await report(starter), 201)
    assert (sale["fee"], sale["fee_rate"], sale["external_id"]) == ({"amount": 75, "currency": "USD"}, "0.03", "order-1")
    await starter.generate(201, fee=3)
    assert await pending(starter) == 78
    codes, sold = await items(starter)
    assert (sold["kind"], sold["amount"]["amount"], sold["invoice_id"], sold["batch_id"]) == ("sale", 75, None, None)
    assert sold["sale"] == {"external_id": "order-1", "amount": {"amount": 2_500, "currency": "USD"}, "via": "paypal"}
    assert (codes["kind"], codes["quantity"], codes["sale"]) == ("access_codes", 1, None)
    billing.clock.advance(days=31)
    await billing.run_due()
    *_, invoice = await starter.invoices()
    assert [line["description"] for line in invoice["lines"]] == [
        "Starter (starter_monthly)",
        "Transaction fee of 3% on a sale of 25.00 USD (order-1)",
        "1 access codes beyond the quota at 3%",
    ]
    assert (invoice["total"]["amount"], invoice["status"]) == (3_900 + 78, "paid")
    assert await pending(starter) == 0
    assert {item["invoice_id"] for item in await items(starter)} == {invoice["id"]}
    await billing.check_audit()


async def test_saying_it_again_changes_nothing_and_something_else_is_refused(starter: Creator) -> None:
    first = ok(await report(starter), 201)
    starter.billing.clock.advance(hours=1)
    at = datetime.fromisoformat(first["occurred_at"])
    assert ok(await report(starter, at=at), 201) == first
    for other in ({"amount": 2_501}, {"amount": Money(amount=2_500, currency="EUR")}, {"via": "card"}, {"via": "stripe_connect"}):
        refused(await report(starter, at=at, **other), 409, "sale_mismatch")
    refused(await report(starter, at=at + timedelta(microseconds=1)), 409, "sale_mismatch")
    assert await pending(starter) == 75
    another = await starter.billing.open_account()
    assert ok(await report(another), 201)["fee"]["amount"] == 250, "names are the account's own; free pays 10%"


async def test_through_stripe_connect_nothing_is_owed(starter: Creator) -> None:
    sale = ok(await report(starter, amount=Money(amount=9_999, currency="XAF"), via="stripe_connect"), 201)
    assert sale["fee"]["amount"] == 0
    assert await items(starter) == []


async def test_other_currencies_go_through_the_table(billing: Billing, starter: Creator) -> None:
    yen = Money(amount=1_000, currency="JPY")
    refused(await report(starter, amount=yen), 409, "exchange_rate_missing")
    ok(await billing.http.put("/v1/operator/exchange-rates", headers=billing.operator, json={"JPY": "0.0065"}))
    sale = ok(await report(starter, amount=yen), 201)
    assert sale["fee"] == {"amount": 20, "currency": "USD"}
    ok(await billing.http.put("/v1/operator/exchange-rates", headers=billing.operator, json={"JPY": "0.0070"}))
    assert ok(await report(starter, amount=yen, at=datetime.fromisoformat(sale["occurred_at"])), 201)["fee"]["amount"] == 20
    huge = Money(amount=10**12, currency="JPY")
    ok(await billing.http.put("/v1/operator/exchange-rates", headers=billing.operator, json={"JPY": "999999999"}))
    refused(await report(starter, "huge", amount=huge), 422, "validation_failed")


async def test_a_fee_that_rounds_to_nothing_is_none(starter: Creator) -> None:
    assert ok(await report(starter, amount=16), 201)["fee"]["amount"] == 0
    assert ok(await report(starter, "order-2", amount=17), 201)["fee"]["amount"] == 1
    assert len(await items(starter)) == 1


async def test_each_sale_has_the_rate_of_its_own_moment(billing: Billing) -> None:
    creator = await billing.open_account()
    opened = billing.clock.now()
    billing.clock.advance(days=1)
    await creator.add_card()
    ok(await creator.change("starter_monthly"))
    on_starter = billing.clock.now()
    on_free = ok(await report(creator, "free", at=opened), 201)
    assert on_free["fee"]["amount"] == 250
    billing.clock.advance(days=1)
    ok(await creator.change("growth_monthly"))
    await billing.run_due()
    on_growth = datetime.fromisoformat((await creator.get("/v1/subscription"))["current_period_start"])
    billing.clock.advance(days=1)
    ok(await creator.change("starter_monthly"))
    back = billing.clock.now()
    billing.clock.advance(days=1)
    for name, at, cents in (
        ("before-starter", on_starter - timedelta(hours=1), 250),
        ("starter", on_starter + timedelta(hours=1), 75),
        ("before-growth", on_growth - timedelta(microseconds=1), 75),
        ("growth", on_growth, 25),
        ("before-back", back - timedelta(hours=1), 25),
        ("back", back, 75),
        ("now", billing.clock.now(), 75),
    ):
        assert ok(await report(creator, name, at=at), 201)["fee"]["amount"] == cents, name
    assert ok(await report(creator, "free", at=opened), 201) == on_free, "past items keep theirs"


async def test_a_cancelled_plan_ends_with_its_rate(billing: Billing, starter: Creator) -> None:
    ok(await starter.post("/v1/subscription/cancel"))
    end = datetime.fromisoformat((await starter.get("/v1/subscription"))["current_period_end"])
    billing.clock.advance(days=40)
    assert ok(await report(starter, "last", at=end - timedelta(microseconds=1)), 201)["fee"]["amount"] == 75
    assert ok(await report(starter, "first", at=end), 201)["fee"]["amount"] == 250


async def test_a_sale_of_a_past_cycle_goes_on_the_next_invoice(billing: Billing, starter: Creator) -> None:
    sold_at = billing.clock.now() + timedelta(days=3)
    billing.clock.advance(days=32)
    ok(await report(starter, at=sold_at), 201)
    assert await pending(starter) == 75
    billing.clock.advance(days=31)
    await billing.run_due()
    *_, last = await starter.invoices()
    assert last["lines"][1]["amount"]["amount"] == 75
    await billing.check_audit()


async def test_when_and_how_much_must_make_sense(billing: Billing, creator: Creator) -> None:
    now = billing.clock.now()
    for at in (now + timedelta(minutes=6), now - timedelta(days=1)):
        problem = refused(await report(creator, at=at), 422, "validation_failed")
        assert problem["errors"][0]["field"] == "occurred_at"
    for wrong in (
        {"amount": {"amount": 0, "currency": "USD"}},
        {"amount": {"amount": -5, "currency": "USD"}},
        {"amount": {"amount": 1.5, "currency": "USD"}},
        {"external_id": ""},
        {"external_id": "a b"},
        {"external_id": "x\x00"},
        {"external_id": "x" * 101},
        {"via": "Stripe Connect"},
        {"occurred_at": "2026-01-01T00:00:00"},
        {"coupon": 1},
    ):
        body = {**told(creator), **wrong}
        refused(await billing.http.post("/v1/operator/sales", headers=billing.operator, json=body), 422, "validation_failed")
    nobody = {**told(creator), "account_id": str(new_id())}
    refused(await billing.http.post("/v1/operator/sales", headers=billing.operator, json=nobody), 404, "not_found")
    refused(await billing.http.post("/v1/operator/sales", headers=creator.headers, json=told(creator)), 401, "unauthorized")


async def test_services_report_too(billing: Billing, starter: Creator) -> None:
    said = ReportSale.model_validate(told(starter))
    receipt = await billing.internal.report_sale(said)
    assert (await billing.internal.report_sale(said)) == receipt
    assert receipt.fee == usd(75)
    with pytest.raises(RemoteProblem) as problem:
        await billing.internal.report_sale(said.model_copy(update={"via": "card"}))
    assert problem.value.problem_code == "sale_mismatch"


async def test_the_list_goes_on_and_is_ones_own(billing: Billing, starter: Creator) -> None:
    for number in range(5):
        ok(await report(starter, f"order-{number}"), 201)
    first = await starter.get("/v1/usage/items", limit=2)
    second = await starter.get("/v1/usage/items", limit=2, cursor=first["next_cursor"])
    third = await starter.get("/v1/usage/items", limit=2, cursor=second["next_cursor"])
    named = [item["sale"]["external_id"] for page in (first, second, third) for item in page["data"]]
    assert named == [f"order-{number}" for number in (4, 3, 2, 1, 0)]
    assert third["next_cursor"] is None
    assert len(await items(starter, status="pending")) == 5
    assert await items(starter, status="invoiced") == []
    assert await items(await billing.open_account()) == []


# Two reports of one sale at once
async def _both(billing: Billing, creator: Creator) -> None:
    now = billing.clock.now()
    said = reporting.ReportedSale("order-1", usd(2_500), now, "paypal")

    async def one(session: Any) -> None:
        await reporting.report_sale(session, account_id=creator.id, said=said, now=now)

    await meet(billing.database, one, one)


async def test_told_twice_at_once_it_is_one_sale(billing: Billing, starter: Creator) -> None:
    await _both(billing, starter)
    assert await pending(starter) == 75


async def test_without_the_lock_the_second_one_breaks_on_the_constraint(
    billing: Billing, starter: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with the guard taken out, the race appears."""
    monkeypatch.setattr(reporting, "lock_account", no_lock)
    with pytest.raises(Exception, match="uq_sales_account_id_external_id"):
        await _both(billing, starter)


async def test_the_audit_finds_what_is_broken(billing: Billing, starter: Creator) -> None:
    ok(await report(starter), 201)
    await billing.check_audit()
    for statement, found in (
        ("DELETE FROM usage_items", "sale_owes_its_fee_once"),
        ("UPDATE usage_items SET amount = amount + 1", "sale_owes_its_fee_once"),
        ("UPDATE fee_rates SET fee_rate = 0.5 WHERE plan_code = 'starter_monthly'", "sale_has_the_rate_of_its_moment"),
        ("DELETE FROM fee_rates WHERE plan_code = 'starter_monthly'", "present_plan_has_its_rate"),
    ):
        async with billing.database.transaction() as session:
            await session.execute(text(statement))
            broken = {one.name for one in await look_at_all(session) if one.violations}
            await session.rollback()
        assert found in broken, statement
    with pytest.raises(DBAPIError, match="append-only"):
        await billing.rows("UPDATE sales SET fee = 1")


async def test_a_sale_that_a_fast_clock_reports_keeps_its_rate_over_a_plan_change(billing: Billing, starter: Creator) -> None:
    ahead = billing.clock.now() + timedelta(minutes=4)
    assert ok(await report(starter, at=ahead), 201)["fee_rate"] == "0.03"
    ok(await starter.change("growth_monthly"))
    billing.clock.advance(minutes=5)
    assert ok(await report(starter, at=ahead), 201)["fee_rate"] == "0.03"
    assert ok(await report(starter, "order-2"), 201)["fee_rate"] == "0.01"
    await billing.check_audit()
