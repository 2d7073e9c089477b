"""Counts each batch's codes, for billing-api's audit: what it billed must be what there is (`rules.md` Q1)."""

from datetime import timedelta
from typing import Any, Final

from shared.contracts.batches import BatchCount, BatchCounts, BatchRef, BatchStatus, CountBatches
from shared.contracts.events import EventType
from sqlalchemy import Select, and_, case, column, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.models import OPEN, AccessCode, Batch

AT_ONCE: Final = 500
ARRIVES_WITHIN: Final = timedelta(hours=1)
"""Real time. What happened to a batch longer ago, billing-api knows, or never will: jobs tries again for minutes."""

_COUNTED: Final = (EventType.BATCH_GENERATED, EventType.BATCH_FAILED, EventType.BATCHES_EXPIRED)


async def count_batches(session: AsyncSession, *, which: CountBatches, limit: int = AT_ONCE) -> BatchCounts:
    """A bounded piece of the batches of all accounts, in the order of account and batch, each with its counts.

    `existing` leaves the tombstones out, and `expired` is how many of these there are; of a batch whose tombstones are
    forgotten, how many codes are missing. `in_flight`: the batch has moved a short while ago, or its word is on its way, or it
    is not billed yet, so that billing-api may know less of it.

    Args:
        session: one statement, so that a sweep is seen as a whole or not at all.
        which: between which batches.
        limit: how many at once.
    """
    chosen = _chosen(which, limit + 1).cte("chosen")
    codes = _codes_of(chosen)
    tombstones = case((chosen.c.swept_at.is_not(None), codes.c.open), else_=0)
    existing = codes.c.total - tombstones
    generated = case((chosen.c.status == BatchStatus.READY, chosen.c.quantity), else_=0)
    recent = _recent(chosen).cte("recent")
    moved = chosen.c.progressed_at > func.clock_timestamp() - ARRIVES_WITHIN
    unbilled = and_(chosen.c.status == BatchStatus.READY, chosen.c.billed_at.is_(None))
    query = (
        select(
            chosen.c.account_id,
            chosen.c.id,
            generated.label("generated"),
            existing.label("existing"),
            case((chosen.c.forgotten_at.is_not(None), generated - existing), else_=tombstones).label("expired"),
            or_(moved, unbilled, recent.c.batch_id.is_not(None)).label("in_flight"),
        )
        .select_from(chosen.join(codes, true()))
        .outerjoin(recent, and_(recent.c.account_id == chosen.c.account_id, recent.c.batch_id == func.text(chosen.c.id)))
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
    names = ("account_id", "project_id", "id", "quantity", "status", "billed_at", "progressed_at", "swept_at", "forgotten_at")
    query = select(*(getattr(Batch, name) for name in names))
    if which.after is not None:
        query = query.where(place > _place(which.after))
    if which.until is not None:
        query = query.where(place <= _place(which.until))
    return query.order_by(Batch.account_id, Batch.id).limit(limit)


def _place(batch: BatchRef) -> Any:
    return tuple_(batch.account_id, batch.batch_id)


def _codes_of(chosen: Any) -> Any:
    """How many rows a batch has, and how many of them are neither redeemed nor revoked."""
    mine = [
        AccessCode.account_id == chosen.c.account_id,
        AccessCode.project_id == chosen.c.project_id,
        AccessCode.batch_id == chosen.c.id,
    ]
    counts = select(func.count().label("total"), func.count().filter(*OPEN).label("open"))
    return counts.select_from(AccessCode).where(*mine).correlate(chosen).lateral("codes")


def _recent(chosen: Any) -> Select[*tuple[Any, ...]]:
    """The batches of which an event was not handed over yet, or not long ago."""
    # One batch, or a list of them.
    batches = func.coalesce(outbox.c.payload["batches"], func.jsonb_build_array(outbox.c.payload))
    batch = func.jsonb_array_elements(batches).table_valued(column("said", JSONB)).render_derived("batch")
    return (
        select(outbox.c.account_id, batch.c.said["batch_id"].astext.label("batch_id"))
        .join(batch, true())
        .where(
            outbox.c.account_id.in_(select(chosen.c.account_id)),
            outbox.c.type.in_(_COUNTED),
            or_(outbox.c.published_at.is_(None), outbox.c.published_at > func.now() - ARRIVES_WITHIN),
        )
        .distinct()
    )
