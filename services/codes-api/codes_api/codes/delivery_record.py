"""What went out of a batch, for the timeline of each code (`Delivery`)."""

from datetime import datetime

from shared.contracts.batches import DeliveryMethod
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import Batch, Delivery


async def record_sent(
    session: AsyncSession,
    batch: Batch,
    method: DeliveryMethod,
    *,
    positions: list[int],
    until: int,
    message_ids: list[int],
    now: datetime,
) -> None:
    """Keep what a report says.

    A document is one row over all that it held. Messages are a row a code, with the message's id if the report names one
    for each; where a code was revoked while its message was on the way, the ids do not fit any more and are left out.

    Args:
        positions: those worth sending since the last report.
        until: the first position that the report does not cover.
    """
    if method is DeliveryMethod.DOCUMENT:
        message_id = message_ids[-1] if message_ids else None
        spans = [(batch.delivered, until - 1, message_id)]
    else:
        ids: list[int | None] = [*message_ids] if len(message_ids) == len(positions) else [None] * len(positions)
        spans = [(position, position, message_id) for position, message_id in zip(positions, ids, strict=True)]
    session.add_all(
        Delivery(
            account_id=batch.account_id,
            project_id=batch.project_id,
            batch_id=batch.id,
            first=first,
            last=last,
            message_id=message_id,
            delivered_at=now,
        )
        for first, last, message_id in spans
    )
    await session.flush()
