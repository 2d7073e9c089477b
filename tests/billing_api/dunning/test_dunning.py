"""Retries, grace, lock, suspension, deletion, and every way back (`rules.md` B12, D1-D5)."""

from datetime import datetime, timedelta

import pytest
from billing_api.due import run as due_run
from billing_api.payments.processor import ChargeOutcome, ChargeResult
from billing_api.payments.settle import settle_attempt
from billing_api.subscriptions.turn import turn_account
from pydantic import SecretStr
from shared.errors import RemoteProblem

from tests.billing_api.dunning.arrears import TICK, Arrears, in_arrears
from tests.billing_api.running import Billing, Creator, billing_running, ok, refused
from tests.support.clock import MovableClock


@pytest.fixture
async def arrears(billing: Billing) -> Arrears:
    return await in_arrears(billing)


async def test_the_whole_way_down_each_step_once(arrears: Arrears) -> None:
    assert (await arrears.standing(), await arrears.kinds()) == ("grace", ["initial"])
    shown = await arrears.invoice()
    assert datetime.fromisoformat(shown["next_attempt_at"]) == arrears.since + timedelta(days=1)
    await arrears.day(29)
    assert await arrears.kinds() == ["initial", *["retry"] * 8]
    days = [datetime.fromisoformat(one["created_at"]) - arrears.since for one in (await arrears.invoice())["attempts"]]
    assert [round(day / timedelta(days=1), 3) for day in days] == [0, 1, 2, 4, 7, 11, 16, 22, 29]
    assert (await arrears.invoice())["next_attempt_at"] is None
    for day, standing in ((30, "locked"), (60, "suspended"), (90, "deletable")):
        before = await arrears.standing()
        await arrears.until(arrears.since + timedelta(days=day) - TICK * 1000)
        assert await arrears.standing() == before
        await arrears.day(day)
        assert await arrears.standing() == standing
        await arrears.billing.check_audit()
    await arrears.day(400)
    assert len(await arrears.kinds()) == 9
    assert await arrears.history() == await arrears.told() == ["grace", "locked", "suspended", "deletable"]
    await arrears.versions_grow()
    since = (await arrears.creator.get("/v1/account/standing-history"))["data"][0]["since"]
    assert datetime.fromisoformat(since) == arrears.since + timedelta(days=90)
    await arrears.billing.check_audit()


async def test_a_worker_that_was_away_for_months_takes_every_step_and_one_retry(arrears: Arrears) -> None:
    arrears.billing.clock.move_to(arrears.since + timedelta(days=75))
    await arrears.billing.run_due()
    assert await arrears.told() == ["grace", "locked", "suspended"]
    assert (await arrears.kinds()).count("retry") == 1
    assert len([one for one in await arrears.creator.invoices() if one["purpose"] == "cycle"]) <= 2
    await arrears.billing.check_audit()


async def test_paid_by_hand_a_locked_account_starts_anew_at_that_moment(arrears: Arrears) -> None:
    await arrears.day(45)
    billing, creator = arrears.billing, arrears.creator
    issued = len(await creator.invoices())
    refused(await creator.change("growth_monthly"), 403, "account_locked")
    card = await creator.add_card()
    for invoice in await creator.invoices():
        if invoice["status"] == "open":
            ok(await creator.post(f"/v1/invoices/{invoice['id']}/pay", {"payment_method_id": card["id"]}))
    assert await arrears.standing() == "active"
    paid_at = billing.clock.now()
    ok(await creator.post(f"/v1/payment-methods/{card['id']}/default"))
    await billing.run_due()
    period = await creator.get("/v1/subscription")
    assert abs(datetime.fromisoformat(period["current_period_start"]) - paid_at) < timedelta(seconds=20)
    invoices = await creator.invoices()
    assert [one["status"] for one in invoices[issued:]] == ["paid"], "one new invoice, charged"
    assert (await arrears.told())[-1] == "active"
    assert (await arrears.told()).count("active") == 1
    assert "manual" in await arrears.kinds()
    assert await creator.codes() == (200, 0, 200)
    await billing.check_audit()


async def test_a_new_default_card_is_tried_at_once_and_uses_no_retry(arrears: Arrears) -> None:
    await arrears.day(3)
    bad = await arrears.creator.add_card("pm_card_chargeDeclined")
    ok(await arrears.creator.post(f"/v1/payment-methods/{bad['id']}/default"))
    assert await arrears.kinds() == ["initial", "retry", "retry", "new_card"]
    planned = (await arrears.invoice())["next_attempt_at"]
    assert datetime.fromisoformat(planned) == arrears.since + timedelta(days=4)
    good = await arrears.creator.add_card()
    ok(await arrears.creator.post(f"/v1/payment-methods/{good['id']}/default"))
    assert ((await arrears.invoice())["status"], await arrears.standing()) == ("paid", "active")
    ok(await arrears.creator.post(f"/v1/payment-methods/{good['id']}/default"))
    assert len(await arrears.kinds()) == 5, "the same default again tries nothing"
    await arrears.billing.check_audit()


async def test_without_a_card_it_is_overdue_at_once_and_the_first_card_is_tried(billing: Billing, creator: Creator) -> None:
    await creator.add_card()
    await creator.generate(25, price=1000, fee=2000)
    await billing.rows("UPDATE payment_methods SET is_default = false, removed_at = created_at")
    billing.clock.advance(days=31)
    await billing.run_due()
    (invoice,) = await creator.invoices()
    assert (invoice["status"], invoice["attempts"], (await creator.get("/v1/account"))["standing"]) == ("open", [], "grace")
    billing.clock.advance(days=5)
    await billing.run_due()
    await creator.add_card()
    (invoice,) = await creator.invoices()
    assert (invoice["status"], [one["kind"] for one in invoice["attempts"]]) == ("paid", ["new_card"])
    await billing.check_audit()


async def test_manual_payments_and_their_refusals(arrears: Arrears, creator: Creator) -> None:
    path = f"/v1/invoices/{arrears.invoice_id}/pay"
    refused(await arrears.creator.post(path), 402, "payment_failed")
    assert await arrears.kinds() == ["initial", "manual"]
    assert (await arrears.invoice())["next_attempt_at"] is not None, "it uses up no retry"
    refused(await creator.post(path), 404, "not_found")
    refused(await arrears.creator.post(path, {"payment_method_id": arrears.invoice_id}), 404, "not_found")
    refused(await arrears.creator.post(path, {"payment_method_id": "nonsense"}), 422, "validation_failed")
    card = (await arrears.creator.add_card())["id"]
    paid = await arrears.pay(card=card, key="k")
    assert paid["status"] == "paid"
    assert await arrears.pay(card=card, key="k") == paid
    refused(await arrears.creator.post(path), 409, "invoice_not_open")
    assert await arrears.told() == ["grace", "active"]
    await arrears.billing.check_audit()


async def test_an_outage_is_no_decline_and_uses_no_retry(arrears: Arrears) -> None:
    outage = await arrears.creator.add_card("pm_card_outage")
    ok(await arrears.creator.post(f"/v1/payment-methods/{outage['id']}/default"))
    await arrears.day(12)
    assert await arrears.kinds() == ["initial", "new_card"], "nothing else is charged while an answer is awaited"
    assert (await arrears.invoice())["attempts"][-1]["status"] == "unknown"
    good = await arrears.creator.add_card()
    ok(await arrears.creator.post(f"/v1/payment-methods/{good['id']}/default"))
    await arrears.billing.run_due()
    shown = await arrears.invoice()
    assert [one["status"] for one in shown["attempts"]] == ["declined", "unanswered", "succeeded"]
    assert [outcome for _, outcome in await arrears.billing.charges()] == ["succeeded", "declined", "succeeded"]
    await arrears.billing.check_audit()


async def test_paying_by_hand_during_an_outage_asks_first(arrears: Arrears) -> None:
    outage = await arrears.creator.add_card("pm_card_outage")
    path = f"/v1/invoices/{arrears.invoice_id}/pay"
    refused(await arrears.creator.post(path, {"payment_method_id": outage["id"]}), 503, "payment_unanswered")
    card = await arrears.creator.add_card()
    assert (await arrears.pay(card=card["id"]))["status"] == "paid"
    assert [one["status"] for one in (await arrears.invoice())["attempts"]] == ["declined", "unanswered", "succeeded"]
    await arrears.billing.check_audit()


@pytest.mark.parametrize("open_still", [True, False])
async def test_a_success_that_comes_late_is_never_lost(arrears: Arrears, *, open_still: bool) -> None:
    billing = arrears.billing
    outage = await arrears.creator.add_card("pm_card_outage")
    path = f"/v1/invoices/{arrears.invoice_id}/pay"
    refused(await arrears.creator.post(path, {"payment_method_id": outage["id"]}), 503, "payment_unanswered")
    lost = (await arrears.invoice())["attempts"][-1]["id"]
    good = await arrears.creator.add_card("pm_card_chargeDeclined" if open_still else "pm_card_visa")
    await arrears.creator.post(path, {"payment_method_id": good["id"]})
    for _ in range(2):
        async with billing.database.transaction() as session:
            result = ChargeResult(ChargeOutcome.SUCCEEDED, "late")
            await settle_attempt(session, account_id=arrears.creator.id, attempt_id=lost, result=result, now=billing.clock.now())
    assert (await arrears.invoice())["status"] == "paid"
    assert await arrears.creator.balance() == (0 if open_still else 3900)
    assert await arrears.standing() == "active"
    await billing.check_audit()


async def test_an_operator_settles_what_was_paid_outside(arrears: Arrears) -> None:
    billing, creator = arrears.billing, arrears.creator
    await arrears.day(61)
    assert await arrears.standing() == "suspended"
    body = {"reason": "Bank transfer 4711"}
    for invoice in await creator.invoices():
        if invoice["status"] == "open":
            path = f"/v1/operator/accounts/{creator.id}/invoices/{invoice['id']}/settle"
            refused(await billing.http.post(path, json=body, headers=creator.headers), 401, "unauthorized")
            for _ in range(2):
                assert ok(await billing.http.post(path, json=body, headers=billing.operator))["status"] == "paid"
    assert await arrears.standing() == "active"
    reasons = [entry["reason"] for entry in (await creator.get("/v1/credit-entries"))["data"]]
    assert reasons[:2] == ["invoice_payment", "operator_settlement"]
    assert (await billing.one("SELECT min(reason) FROM invoice_settlements")) == "Bank transfer 4711"
    paid = next(one for one in await creator.invoices() if one["status"] == "paid")
    path = f"/v1/operator/accounts/{creator.id}/invoices/{paid['id']}/settle"
    refused(await billing.http.post(path, json=body, headers=billing.operator), 409, "invoice_not_open")
    await billing.check_audit()


async def test_the_subscription_says_what_the_standing_means_for_it(arrears: Arrears) -> None:
    said = [(await arrears.creator.get("/v1/subscription"))["status"]]
    for day in (29, 30, 60):
        await arrears.day(day)
        said.append((await arrears.creator.get("/v1/subscription"))["status"])
    assert said == ["past_due", "past_due", "unpaid", "unpaid"]


async def test_whoever_pays_a_lapsed_account_free_sees_the_new_period_at_once(arrears: Arrears) -> None:
    await arrears.day(50)
    card = await arrears.creator.add_card()
    ok(await arrears.creator.post(f"/v1/payment-methods/{card['id']}/default"))
    subscription = await arrears.creator.get("/v1/subscription")  # no due work ran in between
    recovered = (await arrears.creator.get("/v1/account"))["standing_since"]
    assert (subscription["plan"], subscription["current_period_start"]) == ("starter_monthly", recovered)
    await arrears.billing.check_audit()


async def test_a_cancelled_plan_that_lapsed_while_locked_is_free_after_recovery(arrears: Arrears) -> None:
    ok(await arrears.creator.post("/v1/subscription/cancel"))
    await arrears.day(50)
    card = await arrears.creator.add_card()
    ok(await arrears.creator.post(f"/v1/payment-methods/{card['id']}/default"))
    await arrears.billing.run_due()
    assert (await arrears.creator.plan(), await arrears.standing()) == ("free", "active")
    await arrears.billing.check_audit()


async def test_deletion_erases_and_is_final(billing_database_url: str, redis_url: str, clock: MovableClock) -> None:
    async with billing_running(billing_database_url, redis_url, clock, account_deletion=True) as billing:
        arrears = await in_arrears(billing)
        await arrears.day(90)
        assert await arrears.standing() == "deletable"
        await arrears.until(arrears.since + timedelta(days=90, hours=1))
        answer = await billing.http.get("/v1/account", headers=arrears.creator.headers)
        refused(answer, 401, "unauthorized")
        with pytest.raises(RemoteProblem):
            await billing.internal.authenticate(SecretStr(arrears.creator.key))
        assert (await billing.internal.entitlements(arrears.creator.id)).standing == "deleted"
        assert await billing.rows("SELECT email, name, standing FROM accounts") == [("", "", "deleted")]
        assert set(await billing.rows("SELECT processor_reference, last_four FROM payment_methods")) == {("erased", "")}
        assert await billing.one("SELECT count(*) FROM invoices") >= 2
        await arrears.day(800)
        assert await arrears.told() == ["grace", "locked", "suspended", "deletable", "deleted"]
        await billing.check_audit()


async def test_one_accounts_broken_due_work_stops_nobody(
    billing: Billing, starter: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = await billing.subscribed("starter_monthly"), turn_account
    turn = datetime.fromisoformat((await broken.get("/v1/subscription"))["current_period_end"])
    time = Arrears(billing, broken, "", turn)

    async def breaks(session: object, account: object, **rest: object) -> int:
        if account.account_id == broken.id:  # type: ignore[attr-defined] # any account
            raise ZeroDivisionError
        return await sound(session, account, **rest)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(due_run, "turn_account", breaks)
    await time.day(5)
    assert len(await starter.invoices()) == 2, "the other one is renewed"
    ((kind, failures),) = await billing.rows("SELECT kind, failures FROM due_backoffs")
    assert (kind, failures >= 8) == ("turn", True), "doubling from a minute to a day"
    assert (await billing.internal.next_due()).next_due_at > billing.clock.now()  # type: ignore[operator] # it is planned
    monkeypatch.setattr(due_run, "turn_account", sound)
    await time.day(9)
    assert [one["status"] for one in await broken.invoices()] == ["paid", "paid"]
    assert await billing.rows("SELECT * FROM due_backoffs") == []
    await billing.check_audit()
