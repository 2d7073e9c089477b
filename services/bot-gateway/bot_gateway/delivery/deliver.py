"""Delivering a batch to its creator: claim, send what is still missing, say what became of it."""

import asyncio

from aiogram.exceptions import AiogramError, TelegramRetryAfter, TelegramUnauthorizedError
from shared.clients.codes import CodesClient
from shared.contracts.batches import BatchRef, DeliveryClaim, DeliveryMethod, DeliveryOutcome, DeliveryOutcomeStatus
from shared.errors import RemoteProblem
from shared.logging import get_logger

from bot_gateway.bots.registry import Bots
from bot_gateway.delivery.lease import Lease, LeaseLostError, Sleep
from bot_gateway.delivery.send import send_document, send_messages
from bot_gateway.telegram import CHAT_GONE

log = get_logger(__name__)

_NOT_NOW = {
    "delivery_done": DeliveryOutcomeStatus.DELIVERED,
    "delivery_leased": DeliveryOutcomeStatus.LEASED,
    "delivery_waiting": DeliveryOutcomeStatus.WAITING,
}
# Telegram stumbled; it is usually back in a moment.
AFTER_OUTAGE_S = 5
# The creator blocked the bot or its token was revoked: only they can change that.
AFTER_CHAT_GONE_S = 300
# Within uvicorn's time to end.
RELEASE_WITHIN_S = 2.0


async def deliver_batch(
    codes: CodesClient, bots: Bots, *, batch: BatchRef, max_wait_s: int, sleep: Sleep = asyncio.sleep
) -> DeliveryOutcome:
    """Send a batch to its creator, going on where the last try stopped (`rules.md` T2, T3).

    Args:
        codes: holds the batch, the lease and the count.
        bots: the bot to speak through.
        batch: which.
        max_wait_s: Telegram's longer rests give the delivery back (`paused`).
        sleep: waits (real seconds).

    Raises:
        DependencyUnavailableError: codes-api is away; the lease runs out by itself.
    """
    try:
        claim = await codes.claim_delivery(batch)
    except RemoteProblem as problem:
        if (status := _NOT_NOW.get(problem.problem_code)) is None:
            raise
        return DeliveryOutcome(status=status)
    lease = Lease(codes, batch, claim, sleep=sleep)
    try:
        outcome = await _send(codes, bots, batch, claim, lease, max_wait_s)
    except asyncio.CancelledError:
        await lease.release_before_end(RELEASE_WITHIN_S)
        raise
    log.info("delivery", batch_id=str(batch.batch_id), bot_id=claim.bot_id, status=outcome.status, sent=outcome.sent)
    return outcome


async def _send(
    codes: CodesClient, bots: Bots, batch: BatchRef, claim: DeliveryClaim, lease: Lease, max_wait_s: int
) -> DeliveryOutcome:
    loaded = await bots.ensure(claim.bot_id)
    if loaded is None:
        await lease.release()
        return DeliveryOutcome(status=DeliveryOutcomeStatus.WAITING)
    try:
        if claim.method is DeliveryMethod.MESSAGES:
            await send_messages(loaded.bot, claim, lease, max_wait_s=max_wait_s)
        else:
            csv = await codes.batch_csv(batch)
            await send_document(loaded.bot, claim, csv, lease, max_wait_s=max_wait_s)
    except LeaseLostError:
        return DeliveryOutcome(status=DeliveryOutcomeStatus.LEASED, sent=lease.sent)
    except TelegramRetryAfter as error:
        return await _give_back(batch, lease, DeliveryOutcomeStatus.PAUSED, error.retry_after, error)
    except (*CHAT_GONE, TelegramUnauthorizedError) as error:
        return await _give_back(batch, lease, DeliveryOutcomeStatus.WAITING, AFTER_CHAT_GONE_S, error)
    except AiogramError as error:
        return await _give_back(batch, lease, DeliveryOutcomeStatus.PAUSED, AFTER_OUTAGE_S, error)
    return DeliveryOutcome(status=DeliveryOutcomeStatus.DELIVERED, sent=lease.sent)


async def _give_back(
    batch: BatchRef, lease: Lease, status: DeliveryOutcomeStatus, retry_after: int, error: AiogramError
) -> DeliveryOutcome:
    log.warning("delivery_stopped", batch_id=str(batch.batch_id), error=type(error).__name__, retry_after=retry_after)
    await lease.release()
    return DeliveryOutcome(status=status, sent=lease.sent, retry_after=retry_after)
