"""Have an owner do what is due."""

import asyncio
from time import monotonic

from shared.clock import Clock
from shared.logging import get_logger

from jobs.services import Owner

log = get_logger(__name__)

MOST_ROUNDS = 50
"""A piece is bounded by the owner, a run by this: what is left is due again at the cron's next round."""
PAUSES = {"codes": 1.0}
"""How long an owner is left alone between two pieces, in times of what the last one took: codes-api does what is due in the same
process that members redeem in, and they do not wait."""


async def run_due(owner: Owner, name: str, clock: Clock) -> int:
    """Have one owner do what is due by now, piece by piece; returns how many items were done.

    Stops when nothing is due any more, or when a piece did nothing: then somebody else is at it.

    Raises:
        RemoteProblem, DependencyUnavailableError: as the owner answers.
    """
    done = 0
    for _ in range(MOST_ROUNDS):
        began = monotonic()
        run = await owner.run_due()
        done += run.done
        if run.done == 0 or run.next_due_at is None or run.next_due_at > clock.now():
            break
        await asyncio.sleep(PAUSES.get(name, 0.0) * (monotonic() - began))
    if done:
        log.info("due_work_done", owner=name, done=done)
    return done
