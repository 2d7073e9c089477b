"""Charging through Stripe's own library: what is asked, what is believed, and that a card is charged once."""

import asyncio
import json

import httpx
import pytest
import stripe
from billing_api.payments.stripe import StripeProcessor
from shared.ids import new_id
from shared.money import usd

from tests.billing_api.running import Billing, Creator, Json, ok, refused, together
from tests.support.stripe_proxy import KEY, StripeProxy, Webhook

AUTHENTICATE = "4000002500003155"


async def charges(proxy: StripeProxy, creator: Creator) -> list[tuple[int, str]]:
    mine = [intent for intent in await proxy.intents() if intent["metadata"].get("account") == str(creator.id)]
    return [(intent["amount"], intent["status"]) for intent in mine]


async def attempts(creator: Creator) -> list[tuple[str, str | None]]:
    invoices = await creator.invoices()
    return [(attempt["status"], attempt["decline_code"]) for invoice in invoices for attempt in invoice["attempts"]]


async def deliver(billing: Billing, webhook: Webhook) -> httpx.Response:
    headers = {"Stripe-Signature": webhook.signature, "Content-Type": "application/json"}
    return await billing.http.post("/v1/webhooks/stripe", headers=headers, content=webhook.body)


@pytest.fixture
async def carded(billing: Billing) -> Creator:
    creator = await billing.open_account()
    await creator.add_card("pm_card_visa")
    return creator


# Customers and cards
async def test_a_card_is_kept_for_the_accounts_one_customer(billing: Billing, carded: Creator) -> None:
    second = await carded.add_card("pm_card_chargeCustomerFail")
    assert (second["brand"], second["last_four"]) == ("visa", "0341")
    references = [row[0].split(":") for row in await billing.rows("SELECT processor_reference FROM payment_methods")]
    assert {(account, customer) for account, customer, _ in references} == {(str(carded.id), references[0][1])}
    assert len({method for _, _, method in references}) == 2


async def test_a_token_that_stripe_does_not_take_is_refused(billing: Billing) -> None:
    creator = await billing.open_account()
    for token in ("pm_unknown", "nonsense", "pm_card_visa_chargeDeclined", "../customers"):
        refused(await creator.post("/v1/payment-methods", {"token": token}), 422, "payment_method_invalid")


async def test_no_stripe_no_card(billing: Billing, proxy: StripeProxy, carded: Creator) -> None:
    proxy.upstream.base_url = httpx.URL("http://127.0.0.1:9")
    refused(await carded.post("/v1/payment-methods", {"token": "pm_card_visa"}), 503, "dependency_unavailable")


# Charges
async def test_a_charge_that_succeeds(proxy: StripeProxy, carded: Creator) -> None:
    changed = ok(await carded.change("starter_monthly"))
    assert (changed["subscription"]["plan"], changed["invoice"]["status"]) == ("starter_monthly", "paid")
    (intent,) = [one for one in await proxy.intents() if one["metadata"].get("account") == str(carded.id)]
    (attempt,) = changed["invoice"]["attempts"]
    assert intent["metadata"] == {"account": str(carded.id), "invoice": changed["invoice"]["id"], "attempt": attempt["id"]}
    assert (intent["amount"], intent["currency"], intent["status"]) == (3_900, "usd", "succeeded")
    assert await carded.billing.one("SELECT processor_reference FROM payment_attempts") == intent["id"]
    await carded.billing.check_audit()


async def test_a_decline_has_stripes_code(proxy: StripeProxy, billing: Billing) -> None:
    creator = await billing.open_account()
    await creator.add_card("pm_card_chargeCustomerFail")
    refused(await creator.change("starter_monthly"), 402, "payment_failed")
    assert await attempts(creator) == [("declined", "card_declined")]
    assert await charges(proxy, creator) == [(3_900, "requires_payment_method")]
    assert await creator.plan() == "free"


async def test_a_bank_that_wants_its_customer_there_declines_and_the_charge_is_called_off(
    proxy: StripeProxy, billing: Billing
) -> None:
    card = {"number": AUTHENTICATE, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    made = await proxy.upstream.post(
        "/v1/payment_methods", headers={"Authorization": f"Bearer {KEY}"}, json={"type": "card", "card": card}
    )
    creator = await billing.open_account()
    await creator.add_card(made.json()["id"])
    refused(await creator.change("starter_monthly"), 402, "payment_failed")
    assert await attempts(creator) == [("declined", "authentication_required")]
    assert await charges(proxy, creator) == [(3_900, "canceled")]


async def test_an_answer_that_is_lost_after_the_charge_charges_once(proxy: StripeProxy, carded: Creator) -> None:
    proxy.lose_answers = 1
    refused(await carded.change("starter_monthly"), 503, "payment_unanswered")
    assert await attempts(carded) == [("unknown", None)]
    assert await carded.plan() == "free"
    ok(await carded.change("starter_monthly"))
    assert await charges(proxy, carded) == [(3_900, "succeeded")]
    assert await attempts(carded) == [("succeeded", None)]
    assert await carded.plan() == "starter_monthly"


async def test_without_asking_first_and_without_the_key_a_lost_answer_would_charge_twice(
    billing: Billing, proxy: StripeProxy, carded: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with both guards taken out, the fault appears; with the key alone, it does not."""

    async def finds_nothing(*_: object, **__: object) -> None:
        return None

    ok(await carded.change("starter_monthly"))
    monkeypatch.setattr(StripeProcessor, "find", finds_nothing)
    for forgets, charged in ((False, 2), (True, 4)):
        proxy.forgets = forgets
        billing.clock.advance(days=31)
        proxy.lose_answers = 1
        await billing.run_due()
        billing.clock.advance(minutes=2)
        await billing.run_due()
        assert len(await charges(proxy, carded)) == charged


async def test_due_work_finds_the_charge_of_a_lost_answer(billing: Billing, proxy: StripeProxy, carded: Creator) -> None:
    ok(await carded.change("starter_monthly"))
    billing.clock.advance(days=31)
    proxy.lose_answers = 1
    await billing.run_due()
    assert (await carded.invoices())[-1]["status"] == "open"
    billing.clock.advance(minutes=2)
    await billing.run_due()
    assert (await carded.invoices())[-1]["status"] == "paid"
    assert await charges(proxy, carded) == [(3_900, "succeeded")] * 2
    await billing.check_audit()


@pytest.mark.parametrize("way", ["lose_requests", "fail"])
async def test_a_request_that_never_arrives_is_no_decline_and_is_charged_later(
    billing: Billing, proxy: StripeProxy, carded: Creator, way: str
) -> None:
    ok(await carded.change("starter_monthly"))
    billing.clock.advance(days=31)
    setattr(proxy, way, 1)
    await billing.run_due()
    assert (await carded.invoices())[-1]["attempts"][0]["status"] == "unknown"
    assert await charges(proxy, carded) == [(3_900, "succeeded")]
    billing.clock.advance(minutes=2)
    await billing.run_due()
    invoice = (await carded.invoices())[-1]
    assert (invoice["status"], [attempt["status"] for attempt in invoice["attempts"]]) == ("paid", ["succeeded"])
    assert await charges(proxy, carded) == [(3_900, "succeeded")] * 2


async def test_the_same_request_asked_twice_charges_once(billing: Billing, proxy: StripeProxy, carded: Creator) -> None:
    """A process that died after the charge and before its answer was written down, and a list that does not show it yet."""
    proxy.lose_answers = 1
    refused(await carded.change("starter_monthly"), 503, "payment_unanswered")
    processor = billing.app.state.billing.processor
    ((key, reference),) = await billing.rows(
        "SELECT a.invoice_id || ':' || a.id, m.processor_reference FROM payment_attempts a JOIN payment_methods m "
        "ON m.id = a.payment_method_id"
    )
    found = await processor.find(key=key, method_reference=reference)
    again = await processor.charge(key=key, method_reference=reference, amount=usd(3_900))
    assert found == again
    assert await charges(proxy, carded) == [(3_900, "succeeded")]
    assert await processor.find(key=f"{new_id()}:{new_id()}", method_reference=reference) is None


async def test_a_card_that_is_gone_at_stripe_is_a_decline(billing: Billing, carded: Creator) -> None:
    await billing.rows("UPDATE payment_methods SET processor_reference = processor_reference || '_gone'")
    refused(await carded.change("starter_monthly"), 402, "payment_failed")
    ((status, code),) = await attempts(carded)
    assert status == "declined"
    assert code


# Webhooks
async def test_a_webhook_before_the_answer_settles_the_attempt(billing: Billing, proxy: StripeProxy, carded: Creator) -> None:
    proxy.lose_answers = 1
    refused(await carded.change("starter_monthly"), 503, "payment_unanswered")
    event = await proxy.webhook("payment_intent.succeeded", carded.id)
    assert (await deliver(billing, event)).status_code == 204
    assert await attempts(carded) == [("succeeded", None)]
    assert await carded.plan() == "starter_monthly"
    asked = len(proxy.asked)
    await billing.run_due()
    assert len(proxy.asked) == asked, "nothing is left to be asked"
    assert await charges(proxy, carded) == [(3_900, "succeeded")]
    await billing.check_audit()


async def test_a_webhook_that_overtakes_the_answer(billing: Billing, proxy: StripeProxy, carded: Creator) -> None:
    proxy.gate = asyncio.Event()
    changing = asyncio.create_task(carded.change("starter_monthly"))
    event = await proxy.webhook("payment_intent.succeeded", carded.id)
    assert (await deliver(billing, event)).status_code == 204
    assert await carded.plan() == "starter_monthly"
    proxy.gate.set()
    changed = ok(await changing)
    assert [attempt["status"] for attempt in changed["invoice"]["attempts"]] == ["succeeded"]
    assert await charges(proxy, carded) == [(3_900, "succeeded")]
    await billing.check_audit()


async def test_webhooks_after_the_answer_and_twice_and_at_once_change_nothing(
    billing: Billing, proxy: StripeProxy, carded: Creator
) -> None:
    ok(await carded.change("starter_monthly"))
    before = await carded.invoices()
    event = await proxy.webhook("payment_intent.succeeded", carded.id)
    answers = await together(*(deliver(billing, event) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {204}
    assert await carded.invoices() == before
    assert await billing.one("SELECT count(*) FROM inbox WHERE key LIKE 'stripe:%'") == 1
    await billing.check_audit()


async def test_an_old_failure_that_comes_after_the_payment_changes_nothing(
    billing: Billing, proxy: StripeProxy, carded: Creator
) -> None:
    """Out of order: the failure of the first try comes when the second one has paid."""
    ok(await carded.change("starter_monthly"))
    failing = await carded.add_card("pm_card_chargeCustomerFail")
    ok(await carded.post(f"/v1/payment-methods/{failing['id']}/default"))
    billing.clock.advance(days=31)
    await billing.run_due()
    failure = await proxy.webhook("payment_intent.payment_failed", carded.id)
    good = await carded.add_card("pm_card_visa")
    ok(await carded.post(f"/v1/payment-methods/{good['id']}/default"))
    await billing.run_due()
    paid = await carded.invoices()
    assert paid[-1]["status"] == "paid"
    assert (await deliver(billing, failure)).status_code == 204
    assert await carded.invoices() == paid
    await billing.check_audit()


async def test_a_failure_by_webhook_is_a_decline(billing: Billing, proxy: StripeProxy) -> None:
    creator = await billing.open_account()
    await creator.add_card("pm_card_chargeCustomerFail")
    proxy.lose_answers = 1
    refused(await creator.change("starter_monthly"), 503, "payment_unanswered")
    event = await proxy.webhook("payment_intent.payment_failed", creator.id)
    assert (await deliver(billing, event)).status_code == 204
    assert await attempts(creator) == [("declined", "card_declined")]
    assert [invoice["status"] for invoice in await creator.invoices()] == ["void"]


async def test_what_stripe_did_not_sign_is_refused(billing: Billing, proxy: StripeProxy, carded: Creator) -> None:
    proxy.lose_answers = 1
    refused(await carded.change("starter_monthly"), 503, "payment_unanswered")
    event = await proxy.webhook("payment_intent.succeeded", carded.id)
    stale = event.signature.replace("t=1", "t=0", 1)
    forged = [
        Webhook(event.body.replace(b"3900", b"3901"), event.signature),
        Webhook(event.body, stale),
        Webhook(event.body, event.signature[:-1] + ("0" if event.signature[-1] != "0" else "1")),
        Webhook(event.body, "nonsense"),
        Webhook(event.body, ""),
        Webhook(b"", event.signature),
        Webhook(b"\xff\xfe", event.signature),
    ]
    for one in forged:
        refused(await deliver(billing, one), 400, "signature_invalid")
    refused(await billing.http.post("/v1/webhooks/stripe", content=event.body), 400, "signature_invalid")
    assert await attempts(carded) == [("unknown", None)]


async def test_events_of_others_are_taken_and_change_nothing(
    billing: Billing, proxy: StripeProxy, carded: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(await carded.change("starter_monthly"))
    signed = await proxy.webhook("customer.created", carded.id)
    assert (await deliver(billing, signed)).status_code == 204, "not about a charge"
    event = await proxy.webhook("payment_intent.succeeded", carded.id)
    monkeypatch.setattr(stripe.WebhookSignature, "verify_header", lambda *_a, **_k: True)
    for change in ({"account": str(new_id())}, {"attempt": str(new_id())}, {"invoice": str(new_id())}, None):
        body: Json = json.loads(event.body)
        body["data"]["object"]["metadata"] = {} if change is None else {**body["data"]["object"]["metadata"], **change}
        answer = await deliver(billing, Webhook(json.dumps(body).encode(), event.signature))
        assert answer.status_code == 204
    assert await billing.one("SELECT count(*) FROM inbox") == 0


# Where there is no Stripe
async def test_the_webhook_is_documented_where_it_exists(billing: Billing) -> None:
    assert "/v1/webhooks/stripe" in (await billing.http.get("/openapi.json")).json()["paths"]
