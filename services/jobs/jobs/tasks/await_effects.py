"""Wait until the events that fell out of a step have had their effect."""

import asyncio

from shared.logging import get_logger

from jobs.services import Services

log = get_logger(__name__)

PATIENCE_S = 10.0
LOOK_AGAIN_AFTER_S = 0.005


async def await_effects(services: Services, waited_out: set[str]) -> None:
    """Return once no owner has unpublished events and no event waits, runs or retries on the queue.

    Waits 10 s of real time at most. What is still there then (a gateway that is away keeps its events retrying) is logged
    and joins `waited_out`, which is not waited for again: one broken thing must not cost its patience at each of the
    hundred steps of a year.

    Args:
        services: whom to ask.
        waited_out: kept by the caller from step to step.

    Raises:
        RemoteProblem, DependencyUnavailableError: as an owner answers.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    while True:
        outstanding = await _outstanding(services) - waited_out
        if not outstanding:
            return
        if loop.time() > deadline:
            log.warning("effects_not_awaited", outstanding=sorted(outstanding)[:20], number=len(outstanding))
            waited_out |= outstanding
            return
        await asyncio.sleep(LOOK_AGAIN_AFTER_S)


async def _outstanding(services: Services) -> set[str]:
    """Looks at the queue, the outboxes, and the queue once more: an event on its way from one to the other is seen."""
    queued = await services.queues.events_under_way()
    states = await asyncio.gather(*(owner.outbox() for owner in services.owners.values()))
    unpublished = {f"outbox:{name}" for name, state in zip(services.owners, states, strict=True) if state.unpublished}
    return queued | unpublished | await services.queues.events_under_way()
