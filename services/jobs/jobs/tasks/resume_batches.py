"""Set batches going again that stand still."""

from shared.logging import get_logger

from jobs.services import Services

log = get_logger(__name__)

STALLED_FOR_S = 10
"""Real seconds. Longer than any step of a healthy system takes to begin, short enough for a person who waits."""


async def resume_batches(services: Services) -> int:
    """Request the next step of each batch that has stood still; returns how many steps were requested.

    This is what finishes a batch whose event got lost with the worker, with Redis, or after its last try. A step that was
    refused a few minutes ago is left out: the answer would be the same.

    Raises:
        RemoteProblem, DependencyUnavailableError: as codes-api answers.
    """
    requested = 0
    for batch in (await services.codes.unfinished_batches(STALLED_FOR_S)).data:
        if await services.queues.refused_lately(batch, batch.step):
            continue
        if await services.queues.request_step(batch, batch.step):
            requested += 1
            log.info("batch_resumed", account_id=str(batch.account_id), batch_id=str(batch.batch_id), step=batch.step.value)
    return requested
