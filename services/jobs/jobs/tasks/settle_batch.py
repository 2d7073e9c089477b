"""Bill a batch whose codes exist."""

from shared.contracts.batches import BatchRef

from jobs.services import Services


async def settle_batch(services: Services, batch: BatchRef) -> None:
    """Have billing-api confirm the batch's reservation, then tell codes-api so. Both are keyed by the batch.

    In this order: a crash in between confirms again, which changes nothing; the other way round the fee would be lost
    (`rules.md` Q4).

    Raises:
        RemoteProblem, DependencyUnavailableError: as either answers.
    """
    await services.billing.confirm_quota(batch.account_id, batch.batch_id)
    await services.codes.mark_billed(batch)
