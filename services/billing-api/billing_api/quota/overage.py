"""The fee for codes beyond the quota (`rules.md` Q2). Pure."""

from dataclasses import dataclass
from fractions import Fraction

from billing_api.usage.transaction_fee import transaction_fee


@dataclass(frozen=True)
class Split:
    """How many of a batch are free and how many are not."""

    included: int
    overage: int


def split(quantity: int, remaining: int | None) -> Split:
    """Divide a batch at the quota's edge. `remaining` null: unlimited."""
    included = quantity if remaining is None else min(quantity, max(0, remaining))
    return Split(included, quantity - included)


def overage_fee(*, unit_price: int, digits: int, usd_per_unit: Fraction, overage: int, fee_rate: Fraction) -> int:
    """The fee in US cents, rounded once, half up: 47 codes of a 1.00 USD plan at 3% are 1.41.

    Args:
        unit_price: the membership plan's price in minor units of its currency.
        digits: the currency's digits (2 for USD, 0 for JPY).
        usd_per_unit: USD for one whole unit of the currency.
        overage: codes beyond the quota.
        fee_rate: a fraction of 1.
    """
    return transaction_fee(amount=unit_price * overage, digits=digits, usd_per_unit=usd_per_unit, fee_rate=fee_rate)
