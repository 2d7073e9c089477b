"""How much is measured: `SIZE=small` (the default) ends within two minutes, `SIZE=full` fills ten million codes first."""

from dataclasses import dataclass

BATCH = 1000
"""Codes a batch: the most that one can have."""
CONNECTIONS = 32
"""Keep-alive connections that redeem at the same time."""
WARM_UP = 200
"""Redemptions that are not counted, at the start: caches, pools, prepared statements."""
PAGE = 100
"""Rows of a page of the list: the most that one can have."""
TINY = 10_000
"""Codes of the project that the large one's pages are held against."""


@dataclass(frozen=True)
class Plan:
    """Args:
    batches: of 1,000 codes, each timed from the request to `ready`.
    many: batches that are asked for all together.
    rounds: of redemptions, alternating between the bare handler and MemberPass.
    redemptions: a round.
    large: codes of the project whose list is paged through, and among which the sweep finds what has expired.
    deep: rows before the deep page: the ten-thousandth of 100 rows where there are so many.
    looks: how often each page is asked for.
    expired: codes that the sweep takes; the bare DELETE takes as many.
    beside: redemptions made while the sweep runs, at most.
    """

    batches: int
    many: int
    rounds: int
    redemptions: int
    large: int
    deep: int
    looks: int
    expired: int
    beside: int

    @property
    def codes_needed(self) -> int:
        """For all redemptions over HTTP."""
        return WARM_UP + self.rounds * self.redemptions


PLANS = {
    "small": Plan(
        batches=7,
        many=20,
        rounds=3,
        redemptions=1500,
        large=400_000,
        deep=200_000,
        looks=3,
        expired=80_000,
        beside=12_000,
    ),
    "full": Plan(
        batches=25,
        many=1000,
        rounds=7,
        redemptions=3000,
        large=10_000_000,
        deep=1_000_000,
        looks=15,
        expired=1_000_000,
        beside=60_000,
    ),
}
