from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from shared.money import Money, half_up, to_decimal_string


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(0), 0),
        (Fraction(1, 2), 1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),  # half to even would give 2
        (Fraction(49, 100), 0),
        (Fraction(-1, 2), -1),
        (Decimal("140.999999999999999999"), 141),
        (Decimal("140.5"), 141),
    ],
)
def test_half_up(value: Fraction | Decimal, rounded: int) -> None:
    assert half_up(value) == rounded


@given(st.fractions(min_value=0, max_value=10**12))
def test_half_up_is_never_further_away_than_half_a_unit(value: Fraction) -> None:
    difference = half_up(value) - value
    assert -Fraction(1, 2) < difference <= Fraction(1, 2)


@given(st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_decimal_string_is_exact(amount: int, digits: int) -> None:
    text = to_decimal_string(amount, digits)
    assert Decimal(text) * 10**digits == amount
    assert len(text.partition(".")[2]) == digits


@pytest.mark.parametrize(
    "bad", [{"amount": 1.5}, {"amount": "10"}, {"amount": True}, {"currency": "usd"}, {"currency": "US"}, {"x": 1}]
)
def test_money_refuses(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": 1, "currency": "USD", **bad})
