"""The pure rules, hammered."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from billing_api.accounts.standing import next_change_at, standing_at
from billing_api.quota.overage import overage_fee, split
from billing_api.subscriptions.periods import next_turn_after, period_containing
from billing_api.subscriptions.proration import (
    ChangeKind,
    Running,
    Settlement,
    Terms,
    kind_of,
    settle_downgrade,
    settle_to_free,
    settle_upgrade,
    unused_credit,
)
from hypothesis import given
from hypothesis import strategies as st
from shared.contracts.accounts import Standing

START = datetime(2026, 4, 1, tzinfo=UTC)
HALF = START + timedelta(days=15)
END = START + timedelta(days=30)
STARTER, GROWTH = Terms(1, 1, 3_900), Terms(2, 1, 8_900)
STARTER_YEARLY, GROWTH_YEARLY = Terms(1, 12, 39_000), Terms(2, 12, 89_000)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
prices = st.integers(0, 10**7)
microseconds = st.integers(1, 366 * 86_400 * 10**6)


def running(price: int) -> Running:
    return Running(START, END, price)


# Proration: the document's three examples, to the cent.
def test_half_of_39_unused_to_89_charges_69_50() -> None:
    assert settle_upgrade(running(3_900), GROWTH, HALF) == Settlement(1_950, 8_900, 6_950, 0, new_period=True)


def test_half_of_89_to_39_gives_25_and_the_next_39_charges_14() -> None:
    settled = settle_downgrade(running(8_900), GROWTH, STARTER, HALF)
    assert settled == Settlement(4_450, 1_950, 0, 2_500, new_period=False)
    assert 3_900 - settled.to_balance == 1_400


def test_half_of_89_to_free_gives_44_50() -> None:
    assert settle_to_free(running(8_900), HALF) == Settlement(4_450, 0, 0, 4_450, new_period=True)


def test_credit_beyond_the_new_price_goes_to_the_balance() -> None:
    settled = settle_upgrade(Running(START, START + timedelta(days=365), 39_000), GROWTH, START + timedelta(days=1))
    assert (settled.to_charge, settled.to_balance) == (0, 38_893 - 8_900)


def test_down_to_another_interval_starts_a_new_period_and_may_cost_something() -> None:
    settled = settle_downgrade(running(8_900), GROWTH, STARTER_YEARLY, HALF)
    assert (settled.to_charge, settled.to_balance, settled.new_period) == (39_000 - 4_450, 0, True)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (STARTER, GROWTH, ChangeKind.UPGRADE),
        (STARTER, STARTER_YEARLY, ChangeKind.UPGRADE),
        (STARTER_YEARLY, GROWTH, ChangeKind.UPGRADE),
        (GROWTH, STARTER_YEARLY, ChangeKind.DOWNGRADE),
        (GROWTH_YEARLY, GROWTH, ChangeKind.DOWNGRADE),
        (GROWTH, Terms(0, 1, 0), ChangeKind.DOWNGRADE),
        (STARTER, Terms(1, 1, 4_900), ChangeKind.UPGRADE),
        (STARTER, Terms(1, 1, 2_900), ChangeKind.DOWNGRADE),
    ],
)
def test_up_is_a_higher_tier_or_from_month_to_year(old: Terms, new: Terms, kind: ChangeKind) -> None:
    assert kind_of(old, new) is kind


@given(price=prices, new=prices, length=microseconds, passed=microseconds, months=st.sampled_from([1, 12]))
def test_no_change_makes_or_loses_money(price: int, new: int, length: int, passed: int, months: int) -> None:
    period = Running(START, START + timedelta(microseconds=length), price)
    now = START + timedelta(microseconds=passed)
    target = Terms(1, months, new)
    for settled in (
        settle_upgrade(period, target, now),
        settle_downgrade(period, GROWTH, target, now),
        settle_to_free(period, now),
    ):
        assert settled.credit - settled.cost == settled.to_balance - settled.to_charge
        assert min(settled.to_balance, settled.to_charge) == 0
        assert 0 <= settled.credit <= price
        assert settled.to_balance <= price, "no more comes back than was paid"


@given(price=prices, length=microseconds, first=microseconds, later=microseconds)
def test_the_credit_only_shrinks_and_is_right_to_half_a_cent(price: int, length: int, first: int, later: int) -> None:
    period = Running(START, START + timedelta(microseconds=length), price)
    early, late = sorted((first, later))
    assert unused_credit(period, START + timedelta(microseconds=early)) >= unused_credit(
        period, START + timedelta(microseconds=late)
    )
    exact = Fraction(price * max(0, length - early), length)
    assert abs(unused_credit(period, START + timedelta(microseconds=early)) - exact) <= Fraction(1, 2)


@given(price=prices, length=microseconds)
def test_the_credit_is_all_at_the_start_and_nothing_at_the_end(price: int, length: int) -> None:
    period = Running(START, START + timedelta(microseconds=length), price)
    assert (unused_credit(period, START), unused_credit(period, period.end)) == (price, 0)


# Overage
def fee(price: int, overage: int, rate: str, usd: str = "1", digits: int = 2) -> int:
    return overage_fee(unit_price=price, digits=digits, usd_per_unit=Fraction(usd), overage=overage, fee_rate=Fraction(rate))


@pytest.mark.parametrize(
    ("price", "overage", "rate", "cents"),
    [
        (100, 47, "0.03", 141),
        (100, 0, "0.03", 0),
        (50, 1, "0.01", 1),
        (49, 1, "0.01", 0),
        (150, 1, "0.03", 5),
        (1999, 1000, "0.10", 199_900),
    ],
)
def test_the_fee_is_rounded_once_half_up(price: int, overage: int, rate: str, cents: int) -> None:
    assert fee(price, overage, rate) == cents


@given(price=prices, overage=st.integers(0, 1000), permille=st.integers(0, 1000))
def test_the_fee_is_right_to_half_a_cent_and_never_grows_by_splitting_off_free_codes(
    price: int, overage: int, permille: int
) -> None:
    rate = Fraction(permille, 1000)
    got = overage_fee(unit_price=price, digits=2, usd_per_unit=Fraction(1), overage=overage, fee_rate=rate)
    assert abs(got - price * overage * rate) <= Fraction(1, 2)
    fewer = overage_fee(unit_price=price, digits=2, usd_per_unit=Fraction(1), overage=max(0, overage - 1), fee_rate=rate)
    assert fewer <= got


@given(quantity=st.integers(1, 1000), remaining=st.none() | st.integers(0, 10_000))
def test_a_split_is_whole_and_takes_no_more_than_is_left(quantity: int, remaining: int | None) -> None:
    part = split(quantity, remaining)
    assert part.included + part.overage == quantity
    assert part.overage == (0 if remaining is None else max(0, quantity - remaining))


# Periods
@given(anchor=moments, passed=st.integers(0, 40 * 365 * 86_400), months=st.sampled_from([1, 12]))
def test_periods_cover_all_time_without_gaps(anchor: datetime, passed: int, months: int) -> None:
    moment = anchor + timedelta(seconds=passed)
    period = period_containing(anchor, months, moment)
    assert period.start <= moment < period.end
    assert period.start < period.first_turn <= period.end
    assert (period.first_turn == period.end) == (months == 1)
    following = period_containing(anchor, months, period.end)
    assert following.start == period.end
    assert moment < next_turn_after(anchor, moment) <= moment + timedelta(days=31)


@pytest.mark.parametrize(
    ("anchor", "ends"),
    [
        ((2026, 1, 31), [(2026, 2, 28), (2026, 3, 31), (2026, 4, 30), (2026, 5, 31)]),
        ((2028, 1, 31), [(2028, 2, 29), (2028, 3, 31)]),
        ((2026, 12, 15), [(2027, 1, 15), (2027, 2, 15)]),
    ],
)
def test_cycles_keep_their_day(anchor: tuple[int, int, int], ends: list[tuple[int, int, int]]) -> None:
    first = datetime(*anchor, 10, tzinfo=UTC)
    at = first
    for end in ends:
        at = period_containing(first, 1, at).end
        assert at == datetime(*end, 10, tzinfo=UTC)


def test_a_leap_days_year_ends_on_the_28th_and_comes_back() -> None:
    first = datetime(2028, 2, 29, tzinfo=UTC)
    at, ends = first, []
    for _ in range(4):
        at = period_containing(first, 12, at).end
        ends.append((at.year, at.month, at.day))
    assert ends == [(2029, 2, 28), (2030, 2, 28), (2031, 2, 28), (2032, 2, 29)]


# Standing
STEPS = [(0, Standing.GRACE), (30, Standing.LOCKED), (60, Standing.SUSPENDED), (90, Standing.DELETABLE)]


def test_nothing_overdue_is_active() -> None:
    assert standing_at(None, START) is Standing.ACTIVE
    assert next_change_at(None, START) is None


@pytest.mark.parametrize(("since", "standing"), STEPS)
def test_standing_changes_at_the_very_instant(since: int, standing: Standing) -> None:
    instant = START + timedelta(days=since)
    assert standing_at(START, instant) is standing
    assert standing_at(START, instant - timedelta(microseconds=1)) is not standing
    assert next_change_at(START, instant - timedelta(microseconds=1)) == instant


@given(seconds=st.integers(-86_400, 200 * 86_400))
def test_standing_only_gets_worse_with_time_and_the_next_change_is_the_first(seconds: int) -> None:
    now = START + timedelta(seconds=seconds)
    order = list(Standing)
    change = next_change_at(START, now)
    assert order.index(standing_at(START, now)) <= order.index(standing_at(START, now + timedelta(days=1)))
    if change is None:
        assert standing_at(START, now) is Standing.DELETABLE
    else:
        assert change > now
        assert standing_at(START, change - timedelta(microseconds=1)) is standing_at(START, now)
        assert standing_at(START, change) is not standing_at(START, now)
