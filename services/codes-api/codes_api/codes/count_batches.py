"""Counts each batch's codes, for billing-api's audit: what it billed must be what there is (`rules.md` Q1)."""

from datetime import datetime, timedelta
from typing import Any, Final

from shared.contracts.batches import BatchCount, BatchCounts, BatchRef, BatchStatus, CountBatches
from shared.contracts.events import EventType
from sqlalchemy import Select, and_, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.models import AccessCode, Batch, ExpiredCode

AT_ONCE: Final = 500
ARRIVES_WITHIN: Final = timedelta(hours=1)
"""Real time. An event that was handed over longer ago has arrived, or is lost: jobs tries again for minutes."""

_COUNTED: Final = (EventType.BATCH_GENERATED, EventType.BATCH_FAILED, EventType.CODES_EXPIRED)


async def count_batches(
    session: AsyncSession, *, which: CountBatches, keep_days: int, now: datetime, limit: int = AT_ONCE
) -> BatchCounts:
    """A bounded piece of the batches of all accounts, in the order of account and batch, each with its counts.

    `expired` is how many tombstones there are; of a batch whose tombstones may be forgotten already, how many codes are
    missing.

    Args:
        session: one statement, so that a sweep is seen as a whole or not at all.
        which: between which batches.
        keep_days: how long tombstones are kept.
        now: domain time.
        limit: how many at once.
    """
    chosen = _chosen(which, limit + 1).cte("chosen")
    existing, tombstones = _rows_of(AccessCode, chosen), _rows_of(ExpiredCode, chosen)
    generated = case((chosen.c.status == BatchStatus.READY, chosen.c.quantity), else_=0)
    forgotten = func.coalesce(chosen.c.expires_at < now - timedelta(days=keep_days), False)
    recent = _recent(chosen).cte("recent")
    told = and_(chosen.c.status == BatchStatus.READY, chosen.c.billed_at.is_not(None))
    query = (
        select(
            chosen.c.account_id,
            chosen.c.id,
            generated.label("generated"),
            existing.label("existing"),
            case((forgotten, generated - existing), else_=tombstones).label("expired"),
            or_(and_(chosen.c.status == BatchStatus.READY, ~told), recent.c.batch_id.is_not(None)).label("in_flight"),
        )
        .outerjoin_from(
            chosen, recent, and_(recent.c.account_id == chosen.c.account_id, recent.c.batch_id == func.text(chosen.c.id))
        )
        .order_by(chosen.c.account_id, chosen.c.id)
    )
    rows = (await session.execute(query)).all()
    counted = [
        BatchCount(account_id=account, batch_id=batch, generated=made, existing=there, expired=gone, in_flight=on_its_way)
        for account, batch, made, there, gone, on_its_way in rows[:limit]
    ]
    return BatchCounts(data=counted, more=len(rows) > limit)


def _chosen(which: CountBatches, limit: int) -> Select[*tuple[Any, ...]]:
    place = tuple_(Batch.account_id, Batch.id)
    query = select(Batch.account_id, Batch.project_id, Batch.id, Batch.quantity, Batch.status, Batch.expires_at, Batch.billed_at)
    if which.after is not None:
        query = query.where(place > _place(which.after))
    if which.until is not None:
        query = query.where(place <= _place(which.until))
    return query.order_by(Batch.account_id, Batch.id).limit(limit)


def _place(batch: BatchRef) -> Any:
    return tuple_(batch.account_id, batch.batch_id)


def _rows_of(table: type[AccessCode | ExpiredCode], chosen: Any) -> Any:
    mine = and_(table.account_id == chosen.c.account_id, table.project_id == chosen.c.project_id, table.batch_id == chosen.c.id)
    return select(func.count()).select_from(table).where(mine).correlate(chosen).scalar_subquery()


def _recent(chosen: Any) -> Select[*tuple[Any, ...]]:
    """The batches of which an event was not handed over yet, or not long ago."""
    batch_id = outbox.c.payload["batch_id"].astext.label("batch_id")
    return (
        select(outbox.c.account_id, batch_id)
        .where(
            outbox.c.account_id.in_(select(chosen.c.account_id)),
            outbox.c.type.in_(_COUNTED),
            or_(outbox.c.published_at.is_(None), outbox.c.published_at > func.now() - ARRIVES_WITHIN),
        )
        .distinct()
    )
