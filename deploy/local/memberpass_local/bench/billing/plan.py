"""How much is measured."""

from dataclasses import dataclass

FEW = 1_000
"""Accounts that the cost of an idle tick is first measured with."""
TICKS = 60
"""Idle ticks, of which the median counts."""


@dataclass(frozen=True)
class BillingPlan:
    """Args:
    accounts: how many there are.
    few, many: turns that fall due before one look; the cost of each must be the same.
    timed: turns of one hour that the rate is measured with. The others turn later.
    """

    accounts: int
    few: int
    many: int
    timed: int

    @property
    def groups(self) -> tuple[int, ...]:
        """How many accounts turn in each hour, beside the `FEW` who are there first and turn with the timed ones."""
        others = self.accounts - self.timed - 2 * self.few - self.many
        return self.few, self.few, self.many, self.timed - FEW, others


PLANS = {
    "small": BillingPlan(accounts=3_000, few=100, many=800, timed=2_000),
    "full": BillingPlan(accounts=100_000, few=100, many=2_000, timed=20_000),
}
