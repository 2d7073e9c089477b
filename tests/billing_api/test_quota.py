"""Quota and fees (`rules.md` Q1-Q5)."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest
from billing_api.quota import confirm, release, reserve
from shared.contracts.quota import QuoteQuota, ReservationState
from shared.errors import RemoteProblem
from shared.ids import new_id
from shared.money import Money, usd

from tests.billing_api.running import Billing, Creator, expiry_of, no_lock, ok, together
from tests.support.races import meet


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


async def refusal(code: str, answer: Awaitable[object]) -> RemoteProblem:
    with pytest.raises(RemoteProblem) as caught:
        await answer
    assert caught.value.problem_code == code
    return caught.value


async def test_the_quote_splits_at_the_edge(billing: Billing, starter: Creator) -> None:
    quote = await billing.internal.quote_quota(starter.id, QuoteQuota(quantity=247, unit_price=usd(100)))
    assert (quote.included, quote.overage, quote.fee) == (200, 47, usd(141))
    assert await starter.codes() == (200, 0, 200), "a quote promises nothing"


async def test_a_reservation_counts_at_once_and_stays_when_confirmed(billing: Billing, creator: Creator) -> None:
    reserved = await creator.reserve(4)
    assert (reserved.state, reserved.included, reserved.overage, reserved.fee) == (ReservationState.RESERVED, 4, 0, usd(0))
    assert await creator.codes() == (5, 4, 1)
    confirmed = await billing.internal.confirm_quota(creator.id, reserved.batch_id)
    assert confirmed.state is ReservationState.CONFIRMED
    assert await billing.internal.confirm_quota(creator.id, reserved.batch_id) == confirmed
    assert await creator.codes() == (5, 4, 1)
    await billing.check_audit()


async def test_the_fee_becomes_a_usage_item_when_the_codes_exist(billing: Billing, starter: Creator) -> None:
    reserved = await starter.reserve(247, fee=141)
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 0
    await billing.internal.confirm_quota(starter.id, reserved.batch_id)
    await billing.internal.confirm_quota(starter.id, reserved.batch_id)
    usage = await starter.get("/v1/usage")
    assert usage["pending_fees"] == {"amount": 141, "currency": "USD"}
    assert usage["codes"] == {"included": 200, "used": 247, "remaining": 0}
    await billing.check_audit()


async def test_the_fee_must_be_accepted_as_it_is(starter: Creator) -> None:
    given: list[int | Money | None] = [None, 0, 140, 142, eur(141)]
    for fee in given:
        problem = await refusal("fee_not_accepted", starter.reserve(247, fee=fee))
        assert problem.problem_status == 409
        assert problem.extensions["quote"] == {"included": 200, "overage": 47, "fee": {"amount": 141, "currency": "USD"}}
    assert await starter.codes() == (200, 0, 200)


async def test_accepting_a_fee_where_there_is_none_is_refused_too(starter: Creator) -> None:
    problem = await refusal("fee_not_accepted", starter.reserve(10, fee=141))
    assert problem.extensions["quote"]["fee"] == {"amount": 0, "currency": "USD"}


async def test_accepting_nothing_where_there_is_no_fee(starter: Creator) -> None:
    assert (await starter.reserve(10, fee=0)).fee == usd(0)
    assert (await starter.reserve(200, price=0)).fee == usd(0), "a plan that costs nothing has no fee beyond the quota"


async def test_a_fee_needs_something_that_pays(creator: Creator) -> None:
    problem = await refusal("payment_method_required", creator.reserve(6, fee=10))
    assert problem.problem_status == 402
    await creator.add_card()
    assert (await creator.reserve(6, fee=10)).fee == usd(10)


async def test_enough_credit_pays_too_but_only_once(billing: Billing) -> None:
    creator = await billing.subscribed("starter_monthly")
    ok(await creator.change("free"))
    (card,) = (await creator.get("/v1/payment-methods"))["data"]
    assert (await creator.delete(f"/v1/payment-methods/{card['id']}")).status_code == 204
    credit = await creator.balance()
    price = (credit // 2 // 10) * 10 * 10  # ten percent of it for one code is half of the credit
    fee = price // 10
    await creator.generate(5)
    await creator.generate(1, price=price, fee=fee)
    await creator.reserve(1, price=price, fee=fee)
    await refusal("payment_method_required", creator.reserve(1, price=price, fee=fee))


async def test_other_currencies_go_through_the_exchange_rates(billing: Billing, starter: Creator) -> None:
    await starter.generate(200)
    await refusal("exchange_rate_missing", starter.reserve(47, price=eur(100), fee=141))
    rates = {"EUR": "1.10", "JPY": "0.0065"}
    shown = ok(await billing.http.put("/v1/operator/exchange-rates", json=rates, headers=billing.operator))["data"]
    assert [(rate["currency"], rate["usd"]) for rate in shown] == [("EUR", "1.10"), ("JPY", "0.0065")]
    assert (await starter.reserve(47, price=eur(100), fee=155)).fee == usd(155)  # 47 x 1.10 x 3% = 1.551
    yen = Money(amount=1000, currency="JPY")  # no minor units: 1000 x 0.0065 = 6.50 USD
    assert (await starter.reserve(10, price=yen, fee=195)).fee == usd(195)


async def test_without_overage_no_rate_is_needed(starter: Creator) -> None:
    assert (await starter.reserve(10, price=eur(100))).fee == usd(0)


async def test_the_same_batch_is_reserved_once(creator: Creator) -> None:
    batch_id = new_id()
    answers = await together(*(creator.reserve(3, batch_id=batch_id) for _ in range(5)))
    assert {answer.model_dump_json() for answer in answers} == {(await creator.reserve(3, batch_id=batch_id)).model_dump_json()}
    assert await creator.codes() == (5, 3, 2)


async def test_the_same_batch_on_other_terms_is_refused(creator: Creator) -> None:
    batch_id = (await creator.reserve(3)).batch_id
    for quantity, price in ((2, 100), (3, 101)):
        await refusal("batch_mismatch", creator.reserve(quantity, price=price, batch_id=batch_id))


async def test_a_failed_batch_gives_its_quota_back(billing: Billing, creator: Creator) -> None:
    batch_id = (await creator.reserve(5)).batch_id
    released = await billing.internal.release_quota(creator.id, batch_id)
    assert released.state is ReservationState.RELEASED
    assert await billing.internal.release_quota(creator.id, batch_id) == released
    assert await creator.codes() == (5, 0, 5)
    await refusal("reservation_final", billing.internal.confirm_quota(creator.id, batch_id))


async def test_what_was_confirmed_is_not_released(billing: Billing, creator: Creator) -> None:
    await refusal("reservation_final", billing.internal.release_quota(creator.id, await creator.generate(2)))


async def test_an_unknown_batch(billing: Billing, creator: Creator) -> None:
    other = await billing.open_account()
    batch_id = (await other.reserve(2)).batch_id
    for answer in (
        billing.internal.confirm_quota(creator.id, batch_id),
        billing.internal.release_quota(creator.id, batch_id),
        billing.internal.report_expired(creator.id, expiry_of((batch_id, 1))),
        billing.internal.confirm_quota(new_id(), batch_id),
    ):
        await refusal("not_found", answer)


async def test_a_reservation_lapses_after_fifteen_minutes(billing: Billing, creator: Creator) -> None:
    reserved = await creator.reserve(5)
    assert (await billing.internal.next_due()).next_due_at == reserved.lapses_at
    billing.clock.move_to(reserved.lapses_at - timedelta(seconds=5))
    assert await billing.run_due() == 0
    assert await creator.codes() == (5, 5, 0)
    billing.clock.move_to(reserved.lapses_at)
    assert await billing.run_due() == 1
    assert await creator.codes() == (5, 0, 5)
    await billing.check_audit()


async def test_a_batch_whose_reservation_lapsed_still_owes_its_fee(billing: Billing, starter: Creator) -> None:
    batch_id = (await starter.reserve(247, fee=141)).batch_id
    billing.clock.advance(minutes=15)
    await billing.run_due()
    confirmed = await billing.internal.confirm_quota(starter.id, batch_id)
    assert (confirmed.state, confirmed.fee) == (ReservationState.CONFIRMED, usd(141))
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 141
    assert await starter.codes() == (200, 247, 0)
    await billing.check_audit()


async def test_a_lapsed_reservation_asked_for_again_is_made_on_the_terms_of_now(billing: Billing, starter: Creator) -> None:
    batch_id = (await starter.reserve(200)).batch_id
    billing.clock.advance(minutes=15)
    await billing.run_due()
    await starter.generate(10)
    await refusal("fee_not_accepted", starter.reserve(200, batch_id=batch_id))
    again = await starter.reserve(200, batch_id=batch_id, fee=30)
    assert (again.state, again.included, again.overage) == (ReservationState.RESERVED, 190, 10)
    await billing.check_audit()


async def test_expired_codes_free_the_quota_once(billing: Billing, starter: Creator) -> None:
    batch_id = await starter.generate(203, fee=9)
    report = expiry_of((batch_id, 199))
    await together(*(billing.internal.report_expired(starter.id, report) for _ in range(4)))
    assert await starter.codes() == (200, 4, 196)
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 9, "no fee is given back (Q4)"
    too_many = expiry_of((batch_id, 5))
    await refusal("expiry_exceeds_batch", billing.internal.report_expired(starter.id, too_many))
    await billing.internal.report_expired(starter.id, expiry_of((batch_id, 4)))
    assert await starter.codes() == (200, 0, 200)
    await billing.check_audit()


async def test_expiry_and_lapse_in_any_order_count_each_code_once(billing: Billing, creator: Creator) -> None:
    batch_id = (await creator.reserve(5)).batch_id
    report = expiry_of((batch_id, 2))
    await billing.internal.report_expired(creator.id, report)
    billing.clock.advance(minutes=15)
    await billing.run_due()
    assert await creator.codes() == (5, 0, 5)
    await billing.internal.report_expired(creator.id, expiry_of((batch_id, 1)))
    await billing.internal.confirm_quota(creator.id, batch_id)
    assert await creator.codes() == (5, 2, 3)
    await billing.check_audit()


async def test_codes_of_an_earlier_cycle_free_nothing_now(billing: Billing, creator: Creator) -> None:
    old = await creator.generate(5)
    billing.clock.advance(days=32)
    assert await creator.codes() == (5, 0, 5), "nothing rolls over, and no due work is needed for the turn"
    await creator.generate(2)
    await billing.internal.report_expired(creator.id, expiry_of((old, 5)))
    assert await creator.codes() == (5, 2, 3)
    await billing.check_audit()


async def test_batches_of_several_cycles_in_one_report(billing: Billing, creator: Creator) -> None:
    old = await creator.generate(5)
    billing.clock.advance(days=32)
    one, other = await creator.generate(2), await creator.generate(3)
    assert await creator.codes() == (5, 5, 0)
    broken = expiry_of((one, 1), (other, 4))
    await refusal("expiry_exceeds_batch", billing.internal.report_expired(creator.id, broken))
    await refusal("not_found", billing.internal.report_expired(creator.id, expiry_of((one, 1), (new_id(), 1))))
    assert await creator.codes() == (5, 5, 0), "all of it counts, or nothing does"
    report = expiry_of((old, 5), (one, 2), (other, 1))
    await together(*(billing.internal.report_expired(creator.id, report) for _ in range(3)))
    assert await creator.codes() == (5, 2, 3)
    await billing.check_audit()


async def test_a_locked_account_generates_nothing(billing: Billing, creator: Creator) -> None:
    known = await creator.reserve(1)
    await billing.rows("UPDATE accounts SET standing = 'locked'")
    assert (await refusal("account_locked", creator.reserve(1))).problem_status == 403
    assert await creator.reserve(1, batch_id=known.batch_id) == known


async def _race(creator: Creator, quantity: int, times: int) -> int:
    """How many codes are free of those that parallel batches at the quota's edge get together."""
    fee = quantity * 10
    answers = await together(*(creator.reserve(quantity) for _ in range(times)), creator.reserve(quantity, fee=fee))
    return sum(answer.included for answer in answers if not isinstance(answer, BaseException))


async def test_batches_at_the_edge_never_share_what_is_left(billing: Billing, creator: Creator) -> None:
    await creator.add_card()
    assert await _race(creator, 2, 8) <= 5
    assert await creator.codes() in [(5, 4, 1), (5, 6, 0)]
    await billing.check_audit()


async def test_without_the_lock_batches_at_the_edge_would_share(creator: Creator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: with the guard taken out, the race appears."""
    monkeypatch.setattr(reserve, "lock_account", no_lock)
    assert await _race(creator, 2, 8) > 5


async def test_a_confirm_that_meets_the_lapse_counts_once(billing: Billing, starter: Creator) -> None:
    batches = [(await starter.reserve(50, fee=fee)).batch_id for fee in (None, None, None, None, 150, 150)]
    billing.clock.advance(minutes=15)
    await together(
        *(billing.internal.confirm_quota(starter.id, batch_id) for batch_id in batches),
        *(billing.internal.run_due() for _ in range(3)),
    )
    assert await starter.codes() == (200, 300, 0)
    assert (await starter.get("/v1/usage"))["pending_fees"]["amount"] == 300
    await billing.check_audit()


async def _used_after_confirm_meets_lapse(billing: Billing, creator: Creator) -> int:
    batch_id = (await creator.reserve(5)).batch_id
    now = billing.clock.advance(minutes=15)
    await meet(
        billing.database,
        lambda session: release.lapse_reservation(session, account_id=creator.id, batch_id=batch_id, now=now),
        lambda session: confirm.confirm_quota(session, account_id=creator.id, batch_id=batch_id, now=now),
    )
    return (await creator.codes())[1]


async def test_the_worst_meeting_of_confirm_and_lapse(billing: Billing, creator: Creator) -> None:
    assert await _used_after_confirm_meets_lapse(billing, creator) == 5
    await billing.check_audit()


async def test_without_the_lock_the_worst_meeting_would_count_wrong(
    billing: Billing, creator: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with lock and constraint taken out, confirmed codes count nowhere."""
    monkeypatch.setattr(confirm, "lock_account", no_lock)
    await billing.rows("ALTER TABLE quota_reservations DROP CONSTRAINT ck_quota_reservations_lapsed")
    assert await _used_after_confirm_meets_lapse(billing, creator) == 0
