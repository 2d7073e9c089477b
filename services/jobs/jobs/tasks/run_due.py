"""Have an owner do what is due."""

from shared.clock import Clock
from shared.logging import get_logger

from jobs.services import Owner

log = get_logger(__name__)

MOST_ROUNDS = 50
"""A piece is bounded by the owner, a run by this: what is left is due again at the cron's next round."""


async def run_due(owner: Owner, name: str, clock: Clock) -> int:
    """Have one owner do what is due by now, piece by piece; returns how many items were done.

    Stops when nothing is due any more, or when a piece did nothing: then somebody else is at it.

    Raises:
        RemoteProblem, DependencyUnavailableError: as the owner answers.
    """
    done = 0
    for _ in range(MOST_ROUNDS):
        run = await owner.run_due()
        done += run.done
        if run.done == 0 or run.next_due_at is None or run.next_due_at > clock.now():
            break
    if done:
        log.info("due_work_done", owner=name, done=done)
    return done
