"""How much is measured."""

from dataclasses import dataclass

FEW = 1_000
"""Accounts that the cost of an idle tick is first measured with."""
TICKS = 60
"""Idle ticks, of which the median counts."""


@dataclass(frozen=True)
class BillingPlan:
    """Args:
    accounts: whose cycles turn in the same hour.
    few, many: turns that fall due before one look; the cost of each must be the same.
    """

    accounts: int
    few: int
    many: int


PLANS = {
    "small": BillingPlan(accounts=3_000, few=100, many=800),
    "full": BillingPlan(accounts=100_000, few=100, many=2_000),
}
