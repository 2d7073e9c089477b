"""Money: integer minor units and a currency. Pure; the only place where money is rounded.

Rule: half up, once per line (`rules.md`, architecture rule 4).
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

MAX_MINOR_UNITS = 10**12
"""The largest amount that is taken from outside: ten billion dollars in cents, far inside a bigint."""


class Money(BaseModel):
    """An amount in the currency's minor units: 69.50 USD is `{"amount": 6950, "currency": "USD"}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"amount": 6950, "currency": "USD"}]})

    amount: int = Field(strict=True, ge=-MAX_MINOR_UNITS, le=MAX_MINOR_UNITS, description="Minor units (cents for USD).")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, upper case.")


def usd(amount: int) -> Money:
    """US dollars from cents."""
    return Money(amount=amount, currency="USD")


def half_up(value: Fraction | Decimal) -> int:
    """Round to whole minor units, a tie going up (away from zero for negative values, which no rule makes).

    Exact: a `Fraction` is never turned into a float.
    """
    exact = Fraction(value)
    sign = -1 if exact < 0 else 1
    return sign * ((2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator))


def to_decimal_string(amount: int, digits: int) -> str:
    """Minor units as a plain decimal with the currency's own digits: (100, 2) -> "1.00", (500, 0) -> "500"."""
    return str((Decimal(amount).scaleb(-digits)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
