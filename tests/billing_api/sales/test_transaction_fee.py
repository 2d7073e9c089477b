"""The fee of a sale, hammered."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from billing_api.usage.describe import describe, percent
from billing_api.usage.models import Sale, UsageItem
from billing_api.usage.transaction_fee import transaction_fee
from hypothesis import given
from hypothesis import strategies as st

amounts = st.integers(1, 10**12)
rates = st.decimals(0, 1, places=6).map(Fraction)
worths = st.decimals("0.000001", 1_000, places=6).map(Fraction)


def fee(amount: int, rate: str, *, usd: str = "1", digits: int = 2) -> int:
    return transaction_fee(amount=amount, digits=digits, usd_per_unit=Fraction(usd), fee_rate=Fraction(rate))


@pytest.mark.parametrize(
    ("amount", "rate", "cents"),
    [
        (2_500, "0.03", 75),
        (2_500, "0.10", 250),
        (50, "0.01", 1),
        (49, "0.01", 0),
        (150, "0.03", 5),
        (1, "1", 1),
        (10**12, "0", 0),
    ],
)
def test_it_is_rounded_once_half_up(amount: int, rate: str, cents: int) -> None:
    assert fee(amount, rate) == cents


def test_other_currencies_have_their_own_digits() -> None:
    assert fee(1_000, "0.03", usd="0.0065", digits=0) == 20, "1,000 JPY are 6.50 USD, and 3% of them 19.5 cents"
    assert fee(1_000, "0.10", usd="3.25", digits=3) == 33, "1.000 KWD is 3.25 USD, and 10% of it 32.5 cents"


@given(amount=amounts, rate=rates, usd=worths, digits=st.integers(0, 4))
def test_it_is_right_to_half_a_cent(amount: int, rate: Fraction, usd: Fraction, digits: int) -> None:
    got = transaction_fee(amount=amount, digits=digits, usd_per_unit=usd, fee_rate=rate)
    assert abs(got - Fraction(amount * 100, 10**digits) * usd * rate) <= Fraction(1, 2)
    assert got >= 0


@given(amount=amounts, more=amounts, rate=rates)
def test_more_never_costs_less(amount: int, more: int, rate: Fraction) -> None:
    one = transaction_fee(amount=amount, digits=2, usd_per_unit=Fraction(1), fee_rate=rate)
    assert one <= transaction_fee(amount=amount + more, digits=2, usd_per_unit=Fraction(1), fee_rate=rate)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [("0.03", "3%"), ("0.100000", "10%"), ("0.0125", "1.25%"), ("0", "0%"), ("1.000000", "100%"), ("0.000001", "0.0001%")],
)
def test_percent(rate: str, shown: str) -> None:
    assert percent(Decimal(rate)) == shown


@given(
    amount=amounts,
    currency=st.sampled_from(["USD", "EUR", "JPY", "KWD", "XXX"]),
    rate=rates,
    name=st.text("!A~", min_size=1, max_size=100),
)
def test_its_words_fit_on_a_line_of_an_invoice(amount: int, currency: str, rate: Fraction, name: str) -> None:
    sale = Sale(external_id=name, amount=amount, currency=currency)
    item = UsageItem(
        account_id=UUID(int=1),
        sale_id=UUID(int=2),
        fee_rate=(Decimal(rate.numerator) / Decimal(rate.denominator)).quantize(Decimal("0.000001")),
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    item.sale = sale
    assert name in describe(item)
    assert len(describe(item)) <= 200
