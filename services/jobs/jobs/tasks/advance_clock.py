"""Move the sandbox clock to where billing-api wants it, through everything that falls due on the way."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.contracts.sandbox import ClockStatus, MoveClock
from shared.logging import get_logger

from jobs.services import Owner, Services
from jobs.tasks.await_effects import await_effects

log = get_logger(__name__)

AT_ONCE = timedelta(seconds=1)
"""What a step leaves to do within this is part of it; more would break the order of time across the owners."""
STUCK_AFTER_S = 10.0
LOOK_AGAIN_AFTER_S = 0.02


class DueWorkStuckError(Exception):
    """An owner says that work is due, and does none of it. Going on would break the order of time."""


async def advance_clock(services: Services) -> None:
    """Move the clock in order of time across both owners, until billing-api says that it stands where it should.

    Each step goes to the earliest moment at which something is due, has that owner do all of it, and lets the events that
    fall out have their effect before the next. Nothing is remembered here: a run that follows a crash asks where the
    clock stands, as every run does.

    Raises:
        DueWorkStuckError: an owner did none of its due work for 10 s.
        RemoteProblem, DependencyUnavailableError: as an owner answers.
    """
    waited_out: set[str] = set()
    while (time := await services.billing.sandbox_time()).status is ClockStatus.ADVANCING:
        target = time.target or time.now
        steps = await _walk(services, target, waited_out)
        await services.billing.move_clock(MoveClock(to=target, finished=True))
        log.info("clock_advanced", to=target.isoformat(), steps=steps)


async def _walk(services: Services, target: datetime, waited_out: set[str]) -> int:
    """Take all steps up to `target`, and what they left to do at once; returns how many.

    The clock ticks on while a step is done, so that what the last one plans for "now", such as the charge of an invoice
    that it issued, falls due a moment after the target. It belongs to the advance all the same.
    """
    steps = 0
    await await_effects(services, waited_out)  # of a step that a crash cut short
    while (earliest := await _earliest(services.owners, max(target, services.clock.now()))) is not None:
        name, moment = earliest
        if moment > services.clock.now():
            await services.billing.move_clock(MoveClock(to=moment))
        await _run_all_due(services, name, moment)
        await await_effects(services, waited_out)
        steps += 1
    return steps


async def _earliest(owners: Mapping[str, Owner], until: datetime) -> tuple[str, datetime] | None:
    """Whose due work comes first, and when; None if nobody has any up to `until`."""
    answers = await asyncio.gather(*(owner.next_due() for owner in owners.values()))
    dues = [
        (name, answer.next_due_at)
        for name, answer in zip(owners, answers, strict=True)
        if answer.next_due_at is not None and answer.next_due_at <= until
    ]
    return min(dues, key=lambda due: due[1], default=None)


async def _run_all_due(services: Services, name: str, moment: datetime) -> None:
    """Have one owner do all that is due at `moment`, and what it plans meanwhile for "now", such as the charge of an invoice
    that it issues: a step of its own for each would take a year's advance twice as long."""
    owner = services.owners[name]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + STUCK_AFTER_S
    while True:
        run = await owner.run_due()
        if run.next_due_at is None or run.next_due_at > max(moment, min(services.clock.now(), moment + AT_ONCE)):
            return
        if run.done:
            deadline = loop.time() + STUCK_AFTER_S
        elif loop.time() > deadline:
            raise DueWorkStuckError(f"{name} has work due at {run.next_due_at.isoformat()} and does none of it")
        else:
            await asyncio.sleep(LOOK_AGAIN_AFTER_S)  # the cron's round may hold it at this moment
