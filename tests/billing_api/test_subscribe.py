"""The first subscription (`rules.md` B8): paid before anything changes, charged once whatever happens in between."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from billing_api.payments.processor import AttachedMethod, ChargeResult
from billing_api.payments.sandbox import SandboxProcessor
from billing_api.subscriptions import subscribe
from shared.contracts.sales import ReportSale
from shared.db import Database
from shared.money import Money, usd
from shared.settings import sqlalchemy_url

from tests.billing_api.running import Billing, Creator, billing_running, ok, refused, together
from tests.support.clock import MovableClock


class ProcessDied(BaseException):
    """The process is gone: nothing that handles exceptions gets to see this."""


class DyingProcessor:
    """The sandbox processor, in a process that dies at a chosen point as often as told."""

    def __init__(self, inner: SandboxProcessor) -> None:
        self.inner = inner
        self.dies_before = 0
        self.dies_after = 0
        self.charges = 0

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:
        return await self.inner.attach(token, account_id=account_id)

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:
        return await self.inner.find(key=key, method_reference=method_reference)

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        if self.dies_before:
            self.dies_before -= 1
            raise ProcessDied
        self.charges += 1
        result = await self.inner.charge(key=key, method_reference=method_reference, amount=amount)
        if self.dies_after:
            self.dies_after -= 1
            raise ProcessDied
        return result


@pytest.fixture
async def dying(billing_database_url: str, clock: MovableClock) -> DyingProcessor:
    database = Database(sqlalchemy_url(billing_database_url), application_name="processor")
    return DyingProcessor(SandboxProcessor(database, clock))


async def test_the_first_subscription_is_paid_and_starts_now(billing: Billing, creator: Creator) -> None:
    await creator.add_card()
    changed = ok(await creator.change("starter_monthly"))
    assert (changed["subscription"]["plan"], changed["subscription"]["status"]) == ("starter_monthly", "active")
    invoice = changed["invoice"]
    assert (invoice["status"], invoice["total"]["amount"], invoice["amount_due"]["amount"]) == ("paid", 3900, 3900)
    assert [attempt["status"] for attempt in invoice["attempts"]] == ["succeeded"]
    assert changed["credit_entry"] is None
    assert await creator.codes() == (200, 0, 200)
    assert await billing.charges() == [(3900, "succeeded")]
    await billing.check_audit()


async def test_codes_of_the_free_plan_stay_in_the_old_cycle(creator: Creator) -> None:
    await creator.generate(4)
    await creator.add_card()
    ok(await creator.change("starter_monthly"))
    assert await creator.codes() == (200, 0, 200)


async def test_a_yearly_plan_has_a_yearly_cycle(billing: Billing) -> None:
    creator = await billing.subscribed("growth_yearly")
    usage = await creator.get("/v1/usage")
    assert int(usage["cycle_end"][:4]) == int(usage["cycle_start"][:4]) + 1
    assert usage["codes"] == {"included": 6500, "used": 0, "remaining": 6500}
    assert usage["lifetime_memberships"]["limit"] is None


async def test_entitlements_change_with_the_plan(billing: Billing, creator: Creator) -> None:
    before = await billing.internal.entitlements(creator.id)
    await creator.add_card()
    ok(await creator.change("growth_monthly"))
    after = await billing.internal.entitlements(creator.id)
    assert (before.plan, before.version, after.plan, after.version) == ("free", 1, "growth_monthly", 2)
    assert (after.branding, after.limits.lifetime_memberships, after.limits.codes) == ("nowhere", None, 500)
    payloads = await billing.rows("SELECT payload FROM outbox WHERE type = 'account.entitlements_changed' ORDER BY id")
    assert [payload["version"] for (payload,) in payloads] == [1, 2]


async def test_without_a_payment_method_nothing_is_tried(creator: Creator) -> None:
    refused(await creator.change("starter_monthly"), 402, "payment_method_required")
    assert await creator.invoices() == []
    assert await creator.plan() == "free"


async def test_a_declined_card_loses_nothing(billing: Billing, creator: Creator) -> None:
    await creator.generate(3)
    await creator.add_card("pm_card_chargeDeclined")
    refused(await creator.change("starter_monthly"), 402, "payment_failed")
    assert await creator.plan() == "free"
    assert await creator.codes() == (5, 3, 2)
    assert [invoice["status"] for invoice in await creator.invoices()] == ["void"]
    good = await creator.add_card()
    ok(await creator.post(f"/v1/payment-methods/{good['id']}/default"))
    assert ok(await creator.change("starter_monthly"))["invoice"]["number"] == 2
    await billing.check_audit()


async def test_what_the_balance_paid_of_a_void_invoice_comes_back(billing: Billing) -> None:
    creator = await billing.subscribed("growth_monthly", "pm_card_declineAfterFirst")
    ok(await creator.change("free"))
    credit = await creator.balance()
    assert 0 < credit <= 8900
    refused(await creator.change("growth_yearly"), 402, "payment_failed")
    assert await creator.balance() == credit
    entries = (await creator.get("/v1/credit-entries"))["data"]
    assert [entry["reason"] for entry in entries] == ["invoice_voided", "invoice_payment", "plan_change"]
    await billing.check_audit()


async def test_enough_credit_needs_no_card(billing: Billing) -> None:
    creator = await billing.subscribed("growth_monthly")
    ok(await creator.change("free"))
    (card,) = (await creator.get("/v1/payment-methods"))["data"]
    assert (await creator.delete(f"/v1/payment-methods/{card['id']}")).status_code == 204
    invoice = ok(await creator.change("starter_monthly"))["invoice"]
    assert (invoice["status"], invoice["credit_applied"]["amount"], invoice["attempts"]) == ("paid", 3900, [])
    await billing.check_audit()


async def test_an_outage_is_no_decline_and_changes_nothing(billing: Billing, creator: Creator) -> None:
    await creator.add_card("pm_card_outage")
    answer = await creator.change("starter_monthly")
    refused(answer, 503, "payment_unanswered")
    assert answer.headers["retry-after"] == "5"
    assert await creator.plan() == "free"
    assert (await creator.invoices())[0]["attempts"][0]["status"] == "unknown"
    billing.clock.advance(minutes=1)
    await billing.run_due()
    (invoice,) = await creator.invoices()
    assert (invoice["status"], invoice["attempts"][0]["status"]) == ("void", "unanswered")
    assert await billing.charges() == []
    await billing.check_audit()


async def test_after_an_outage_another_card_is_charged_once(billing: Billing, creator: Creator) -> None:
    await creator.add_card("pm_card_outage")
    refused(await creator.change("starter_monthly", key="k"), 503, "payment_unanswered")
    good = await creator.add_card()
    ok(await creator.post(f"/v1/payment-methods/{good['id']}/default"))
    assert ok(await creator.change("starter_monthly", key="k"))["invoice"]["status"] == "paid"
    assert await billing.charges() == [(3900, "succeeded")]
    await billing.check_audit()


async def test_a_text_with_a_nul_is_refused_wherever_it_is_taken(billing: Billing, starter: Creator) -> None:
    """PostgreSQL keeps none."""
    refused(await starter.change("growth\x00"), 422, "validation_failed")
    refused(await starter.preview("growth\x00"), 422, "validation_failed")
    refused(await starter.post("/v1/api-keys", {"name": "a\x00"}), 422, "validation_failed")
    refused(await starter.post("/v1/payment-methods", {"token": "pm\x00"}), 422, "payment_method_invalid")
    listed = await billing.http.get("/v1/operator/accounts", params={"email": "a\x00"}, headers=billing.operator)
    refused(listed, 422, "validation_failed")
    path = f"/v1/operator/accounts/{starter.id}/invoices/{(await starter.invoices())[0]['id']}/settle"
    refused(await billing.http.post(path, json={"reason": "a\x00"}, headers=billing.operator), 422, "validation_failed")


async def test_an_unknown_plan_and_the_same_plan(creator: Creator, starter: Creator) -> None:
    refused(await creator.change("nonsense"), 404, "plan_unknown")
    refused(await creator.change("free"), 409, "plan_unchanged")
    refused(await starter.change("starter_monthly"), 409, "plan_unchanged")


async def _paid_once(billing: Billing, creator: Creator, processor: DyingProcessor) -> None:
    assert await creator.plan() == "starter_monthly"
    assert [outcome for _, outcome in await billing.charges()] == ["succeeded"]
    paid = [invoice for invoice in await creator.invoices() if invoice["status"] == "paid"]
    assert [invoice["total"]["amount"] for invoice in paid] == [3900]
    assert processor.charges == 1
    await billing.check_audit()


async def _due_work(billing: Billing, _: Creator) -> None:
    assert await billing.run_due() == 1


async def _same_key(billing: Billing, creator: Creator) -> None:
    await billing.rows("UPDATE idempotency_keys SET locked_until = NULL")
    assert ok(await creator.change("starter_monthly", key="k"))["invoice"]["status"] == "paid"


async def _no_key(_: Billing, creator: Creator) -> None:
    assert ok(await creator.change("starter_monthly"))["subscription"]["plan"] == "starter_monthly"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", [_due_work, _same_key, _no_key])
async def test_a_process_that_dies_while_it_charges_charges_once(
    billing_database_url: str,
    redis_url: str,
    clock: MovableClock,
    dying: DyingProcessor,
    when: str,
    then: Callable[[Billing, Creator], Awaitable[None]],
) -> None:
    async with billing_running(billing_database_url, redis_url, clock, processor=dying) as billing:
        creator = await billing.open_account()
        await creator.add_card()
        dying.dies_before, dying.dies_after = (1, 0) if when == "before" else (0, 1)
        with pytest.raises(ProcessDied):
            await creator.change("starter_monthly", key="k")
        assert await creator.plan() == "free"
        assert await billing.run_due() == 0, "while the lease holds, somebody may be at it"
        refused(await creator.change("starter_monthly", key="other"), 409, "change_in_progress")
        await billing.forget_leases()
        await then(billing, creator)
        await billing.run_due()
        await _paid_once(billing, creator, dying)


async def test_what_is_sold_while_an_answer_is_awaited_is_sold_on_the_free_plan(
    billing_database_url: str, redis_url: str, clock: MovableClock, dying: DyingProcessor
) -> None:
    """Also when the payment turns out to have been made before: the plan began with the word of it (B8, B6)."""
    async with billing_running(billing_database_url, redis_url, clock, processor=dying) as billing:
        creator = await billing.open_account()
        await creator.add_card()
        dying.dies_before, dying.dies_after = 0, 1
        with pytest.raises(ProcessDied):
            await creator.change("starter_monthly")
        said = ReportSale(account_id=creator.id, external_id="order-1", amount=usd(1_000), occurred_at=clock.now(), via="paypal")
        assert (await billing.internal.report_sale(said)).fee_rate == "0.10"
        await billing.forget_leases()
        await billing.run_due()
        assert await creator.plan() == "starter_monthly"
        await billing.check_audit()


async def test_another_plan_than_the_one_that_a_lost_answer_paid_for_is_refused(
    billing_database_url: str, redis_url: str, clock: MovableClock, dying: DyingProcessor
) -> None:
    async with billing_running(billing_database_url, redis_url, clock, processor=dying) as billing:
        creator = await billing.open_account()
        await creator.add_card()
        dying.dies_before, dying.dies_after = 0, 1
        with pytest.raises(ProcessDied):
            await creator.change("starter_monthly")
        await billing.forget_leases()
        refused(await creator.change("growth_monthly"), 409, "change_in_progress")
        assert await creator.plan() == "starter_monthly"
        ok(await creator.change("growth_monthly"))
        await billing.check_audit()


async def test_two_first_subscriptions_at_once_are_charged_once(billing: Billing, creator: Creator) -> None:
    await creator.add_card()
    answers = await together(*(creator.change("starter_monthly") for _ in range(6)))
    codes = [(answer.status_code, answer.json().get("code")) for answer in answers]
    assert codes.count((200, None)) == 1
    assert {code for code in codes if code[0] != 200} <= {(409, "change_in_progress"), (409, "plan_unchanged")}
    assert await billing.charges() == [(3900, "succeeded")]
    await billing.check_audit()


async def test_two_first_subscriptions_with_the_same_key_are_one(billing: Billing, creator: Creator) -> None:
    await creator.add_card()
    answers = await together(*(creator.change("starter_monthly", key="k") for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await billing.charges() == [(3900, "succeeded")]


async def test_without_the_pending_mark_two_first_subscriptions_would_charge_twice(
    billing: Billing, creator: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with the guard taken out, the race appears."""

    async def no_left_over(*_: object) -> None:
        return None

    monkeypatch.setattr(subscribe, "_settle_left_over", no_left_over)
    await creator.add_card()
    await billing.rows(
        "CREATE FUNCTION forget_pending() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.pending_invoice_id := NULL; RETURN NEW; END $$"
    )
    await billing.rows("CREATE TRIGGER t BEFORE UPDATE ON subscriptions FOR EACH ROW EXECUTE FUNCTION forget_pending()")
    await together(*(creator.change("starter_monthly") for _ in range(6)))
    assert len(await billing.charges()) > 1


async def test_malformed_changes_are_refused(creator: Creator) -> None:
    given: list[object] = [{}, {"plan": ""}, {"plan": 3}, {"plan": "free", "coupon": "x"}, []]
    for body in given:
        answer = await creator.billing.http.post("/v1/subscription/change", headers=creator.headers, json=body)
        refused(answer, 422, "validation_failed")
