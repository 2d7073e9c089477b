"""Have a batch sent to its creator."""

from shared.contracts.batches import BatchRef, BatchStep, DeliverBatch, DeliveryOutcomeStatus

from jobs.retries import ComeBackError
from jobs.services import Services

LEASED_AGAIN_AFTER_S = 5
"""When the gateway does not say when the lease of whoever delivers runs out."""


async def deliver_batch(services: Services, batch: BatchRef) -> None:
    """Have bot-gateway send what is not sent yet (`rules.md` T2, T3).

    `waiting` ends the job: when the creator links their chat, `batch.delivery_requested` begins another. If they blocked the
    bot, the cron tries again as late as bot-gateway advises.

    Raises:
        ComeBackError: Telegram asked for a rest, or somebody else holds the lease; if that one died, the next try goes on
            where it stopped.
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers.
    """
    outcome = await services.deliveries.deliver(DeliverBatch(account_id=batch.account_id, batch_id=batch.batch_id))
    if outcome.status is DeliveryOutcomeStatus.WAITING and outcome.retry_after is not None:
        await services.queues.remember_refusal(batch, BatchStep.DELIVER, for_s=outcome.retry_after)
    if outcome.status in (DeliveryOutcomeStatus.PAUSED, DeliveryOutcomeStatus.LEASED):
        raise ComeBackError(LEASED_AGAIN_AFTER_S if outcome.retry_after is None else outcome.retry_after)
