"""Have a batch's codes written, and what follows from it done."""

from shared.contracts.batches import BatchRef, BatchStatus, BatchStep

from jobs.services import Services
from jobs.tasks.settle_batch import settle_batch


async def generate_batch(services: Services, batch: BatchRef) -> None:
    """Have codes-api write the codes that a batch still misses, bill them, and request their delivery if there is a chat to
    deliver to. Asking again adds no code and bills nothing twice.

    In one go, because nothing has to be waited for in between: an event and a job of its own for what comes after the codes
    cost as much as writing them. A crash on the way is followed by another try of this job, or by the cron with the step
    that the batch stands before. A batch that failed says so by an event, `batch.failed`.

    Raises:
        RemoteProblem, DependencyUnavailableError: as codes-api or billing-api answers.
    """
    result = await services.codes.generate(batch)
    if result.status is not BatchStatus.READY:
        return
    await settle_batch(services, batch)
    if result.chat_known:
        await services.queues.request_step(batch, BatchStep.DELIVER)
