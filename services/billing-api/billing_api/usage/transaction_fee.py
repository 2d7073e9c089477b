"""The fee for what was sold (`rules.md` Q2, B6). Pure."""

from fractions import Fraction

from shared.money import half_up


def transaction_fee(*, amount: int, digits: int, usd_per_unit: Fraction, fee_rate: Fraction) -> int:
    """The fee in US cents, rounded once, half up.

    Args:
        amount: in minor units of the currency it was sold in.
        digits: the currency's digits (2 for USD, 0 for JPY).
        usd_per_unit: USD for one whole unit of the currency.
        fee_rate: a fraction of 1.
    """
    return half_up(Fraction(amount, 10**digits) * usd_per_unit * 100 * fee_rate)
