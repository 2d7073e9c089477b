"""Batches that stand still, for jobs to push on: an event can be lost with a worker, the state of a batch can't."""

from datetime import timedelta
from typing import Final

from shared.contracts.batches import BatchStatus, BatchStep, DeliveryStatus, UnfinishedBatch
from sqlalchemy import and_, case, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import UNFINISHED, Batch
from codes_api.projects.models import Bot

AT_ONCE: Final = 500


async def unfinished_batches(session: AsyncSession, *, stalled_for: timedelta) -> list[UnfinishedBatch]:
    """Up to 500 of all accounts, the longest standing first, each with the step it stands before.

    A batch that waits for its creator to link a chat is not among them, nor one under a running lease: nobody can do
    anything for those.

    Args:
        stalled_for: real time, by the database's clock: the sandbox's may jump years in a moment.
    """
    real_now = func.clock_timestamp()
    no_codes = Batch.status.in_([BatchStatus.QUEUED, BatchStatus.GENERATING])
    not_out = and_(Batch.status == BatchStatus.READY, Batch.delivery != DeliveryStatus.DELIVERED)
    chat_known = exists().where(
        Bot.account_id == Batch.account_id, Bot.project_id == Batch.project_id, Bot.owner_chat_id.is_not(None)
    )
    free = or_(Batch.leased_until.is_(None), Batch.leased_until <= real_now)
    step = case(
        (no_codes, BatchStep.GENERATE.value),
        (Batch.billed_at.is_(None), BatchStep.CONFIRM.value),
        else_=BatchStep.DELIVER.value,
    )
    query = (
        select(Batch.account_id, Batch.id, step)
        .where(
            text(f"({UNFINISHED})"),
            Batch.progressed_at <= real_now - stalled_for,
            or_(no_codes, and_(not_out, or_(Batch.billed_at.is_(None), and_(chat_known, free)))),
        )
        .order_by(Batch.progressed_at)
        .limit(AT_ONCE)
    )
    rows = await session.execute(query)
    return [UnfinishedBatch(account_id=account, batch_id=batch, step=BatchStep(named)) for account, batch, named in rows]
