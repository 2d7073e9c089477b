from collections.abc import Awaitable

import pytest
from billing_api.payments import methods
from billing_api.payments.processor import AttachedMethod
from sqlalchemy.ext.asyncio import AsyncSession

from tests.billing_api.running import Billing, Creator, no_lock, ok, refused, together
from tests.support.races import meet


async def test_the_first_is_the_default_until_another_is_made_it(creator: Creator) -> None:
    first, second = await creator.add_card(), await creator.add_card("pm_card_chargeDeclined")
    assert (first["is_default"], second["is_default"]) == (True, False)
    assert ok(await creator.post(f"/v1/payment-methods/{second['id']}/default"))["is_default"] is True
    listed = (await creator.get("/v1/payment-methods"))["data"]
    assert [(one["id"], one["is_default"]) for one in listed] == [(second["id"], True), (first["id"], False)]


async def test_an_unknown_token_is_refused(creator: Creator) -> None:
    for token in ("pm_card_unknown", "4242424242424242", "pm_card_visa:x"):
        problem = refused(await creator.post("/v1/payment-methods", {"token": token}), 422, "payment_method_invalid")
        assert problem["errors"][0]["field"] == "token"
        assert token not in problem["detail"]


async def test_another_creators_method_does_not_exist(billing: Billing, creator: Creator) -> None:
    theirs = await (await billing.open_account()).add_card()
    refused(await creator.post(f"/v1/payment-methods/{theirs['id']}/default"), 404, "not_found")
    refused(await creator.delete(f"/v1/payment-methods/{theirs['id']}"), 404, "not_found")


async def test_the_only_one_stays_while_a_paid_subscription_runs(starter: Creator) -> None:
    (only,) = (await starter.get("/v1/payment-methods"))["data"]
    refused(await starter.delete(f"/v1/payment-methods/{only['id']}"), 409, "only_payment_method")
    ok(await starter.post("/v1/subscription/cancel"))
    assert (await starter.delete(f"/v1/payment-methods/{only['id']}")).status_code == 204
    assert (await starter.get("/v1/payment-methods"))["data"] == []


async def test_the_only_one_stays_while_a_fee_is_pending(starter: Creator) -> None:
    await starter.generate(201, fee=3)
    ok(await starter.post("/v1/subscription/cancel"))
    (only,) = (await starter.get("/v1/payment-methods"))["data"]
    refused(await starter.delete(f"/v1/payment-methods/{only['id']}"), 409, "only_payment_method")


async def test_when_the_default_goes_the_newest_takes_its_place(starter: Creator) -> None:
    (first,) = (await starter.get("/v1/payment-methods"))["data"]
    await starter.add_card()
    newest = await starter.add_card()
    assert (await starter.delete(f"/v1/payment-methods/{first['id']}")).status_code == 204
    listed = (await starter.get("/v1/payment-methods"))["data"]
    assert [one["id"] for one in listed if one["is_default"]] == [newest["id"]]
    refused(await starter.delete(f"/v1/payment-methods/{first['id']}"), 404, "not_found")


async def _switch_at_once(creator: Creator) -> list[int]:
    cards = [await creator.add_card() for _ in range(4)]
    answers = await together(*(creator.post(f"/v1/payment-methods/{card['id']}/default") for card in cards))
    return [answer.status_code for answer in answers]


async def test_two_switches_at_once_leave_one_default(billing: Billing, creator: Creator) -> None:
    assert set(await _switch_at_once(creator)) == {200}
    assert await billing.one("SELECT count(*) FROM payment_methods WHERE is_default") == 1


async def _defaults_after_two_first_ones_meet(billing: Billing, creator: Creator) -> int:
    def add(session: AsyncSession) -> Awaitable[object]:
        card = AttachedMethod("pm_card_visa:1", "visa", "4242")
        return methods.add_payment_method(session, account_id=creator.id, attached=card, now=billing.clock.now())

    await meet(billing.database, add, add)
    count: int = await billing.one("SELECT count(*) FROM payment_methods WHERE is_default")
    return count


async def test_two_first_ones_at_once_leave_one_default(billing: Billing, creator: Creator) -> None:
    assert await _defaults_after_two_first_ones_meet(billing, creator) == 1


async def test_without_the_guards_two_first_ones_would_both_be_the_default(
    billing: Billing, creator: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with lock and index taken out, the race appears."""
    monkeypatch.setattr(methods, "lock_account", no_lock)
    await billing.rows("DROP INDEX uq_payment_methods_default")
    assert await _defaults_after_two_first_ones_meet(billing, creator) == 2


async def test_decline_after_first_counts_for_each_time_it_is_added(billing: Billing) -> None:
    first = await billing.subscribed("starter_monthly", "pm_card_declineAfterFirst")
    second = await billing.subscribed("starter_monthly", "pm_card_declineAfterFirst")
    ok(await first.change("free"))
    refused(await first.change("growth_yearly"), 402, "payment_failed")
    assert await second.plan() == "starter_monthly"
