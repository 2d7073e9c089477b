"""Give back the quota of a batch that failed."""

from shared.contracts.batches import BatchRef

from jobs.services import Services


async def release_quota(services: Services, batch: BatchRef) -> None:
    """Have billing-api release the batch's reservation; keyed by the batch.

    Raises:
        RemoteProblem, DependencyUnavailableError: as billing-api answers.
    """
    await services.billing.release_quota(batch.account_id, batch.batch_id)
