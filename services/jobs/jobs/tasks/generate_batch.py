"""Have a batch's codes written."""

from shared.contracts.batches import BatchRef

from jobs.services import Services


async def generate_batch(services: Services, batch: BatchRef) -> None:
    """Have codes-api write the codes that a batch still misses; asking again adds none.

    codes-api says the rest by events: `batch.generated`, or `batch.failed`.

    Raises:
        RemoteProblem, DependencyUnavailableError: as codes-api answers.
    """
    await services.codes.generate(batch)
