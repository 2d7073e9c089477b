"""How much is measured: `SIZE=small` (the default) takes under a minute, `SIZE=full` a few."""

from dataclasses import dataclass

BATCH = 1000
"""Codes a batch: the most that one can have."""
CONNECTIONS = 32
"""Keep-alive connections that redeem at the same time."""
WARM_UP = 200
"""Redemptions that are not counted, at the start: caches, pools, prepared statements."""


@dataclass(frozen=True)
class Plan:
    """Args:
    batches: of 1,000 codes, each timed from the 202 to `ready`.
    rounds: of redemptions, alternating between the bare handler and MemberPass.
    redemptions: a round.
    """

    batches: int
    rounds: int
    redemptions: int

    @property
    def codes_needed(self) -> int:
        """For all rounds and the warm-up."""
        return WARM_UP + self.rounds * self.redemptions


PLANS = {"small": Plan(batches=7, rounds=3, redemptions=1500), "full": Plan(batches=25, rounds=7, redemptions=3000)}
