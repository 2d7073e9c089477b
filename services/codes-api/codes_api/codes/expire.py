"""The sweep: unredeemed codes past their expiry are deleted and free their quota (`rules.md` C3, C4, Q1).

It goes by batches, all of whose codes expire together: those that are due and not yet swept are read off an index of a few
entries, and their open codes lie side by side (docs/adr/0007).
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.events import EventType
from shared.outbox import stage_all
from sqlalchemy import Select, and_, delete, func, insert, literal, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.models import UNSWEPT, AccessCode, Batch, ExpiredCode

BATCH: Final = 20_000
"""Codes swept by one run: a transaction of a fraction of a second, so that locks are short and a stop loses little."""
FORGOTTEN: Final = 5_000
"""Tombstones deleted by one run."""

_BATCH_KEY: Final = ("account_id", "project_id", "id")
_KEY: Final = ("account_id", "project_id", "batch_id", "position")
_KEPT: Final = (*_KEY, "code", "plan_id", "expires_at")


async def expire_codes(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Delete the open codes of batches that are due, earliest first, keep a tombstone of each, and tell who counts.

    A batch is due when `expires_at <= now`. It is locked, deleted from and marked as swept in one statement, so that none is
    swept twice; one that somebody else holds is left for the next run. A code that a redemption holds is waited for, for
    the moment that a redemption takes: PostgreSQL then asks again whether it is still open, and passes it over if not. No
    open code can appear later: codes are written before a batch is ready, and what is redeemed or revoked stays so.
    Deletion, tombstones and events are one transaction.

    Args:
        limit: whole batches are taken until they hold so many codes.

    Returns:
        How many codes were deleted.
    """
    while batches := (await session.execute(_sweep(now, limit))).all():
        events = [(row.account_id, {"batch_id": str(row.id), "quantity": row.quantity}) for row in batches if row.quantity]
        if events:
            await stage_all(session, outbox, EventType.CODES_EXPIRED, events, now=now)
            return sum(row.quantity for row in batches)
        # All of them were redeemed in time: on to the next.
    return 0


def _sweep(now: datetime, limit: int) -> Select[tuple[UUID, UUID, int]]:
    """One row a batch that is done with: account, batch, how many codes were deleted."""
    due = select(Batch.account_id, Batch.project_id, Batch.id, Batch.quantity, Batch.expires_at)
    due = due.where(text(UNSWEPT), Batch.expires_at <= now).order_by(Batch.expires_at, Batch.id).limit(limit)
    first = due.subquery("first")
    up_to = func.sum(first.c.quantity).over(order_by=(first.c.expires_at, first.c.id))
    counted = select(first, up_to.label("up_to")).subquery("counted")
    taken = (
        select(Batch.account_id, Batch.project_id, Batch.id)
        .join(counted, and_(*(getattr(Batch, name) == counted.c[name] for name in _BATCH_KEY)))
        .where(counted.c.up_to - counted.c.quantity < limit, Batch.swept_at.is_(None))
        .with_for_update(key_share=True, skip_locked=True, of=Batch)
        .cte("taken")
        .prefix_with("MATERIALIZED")
    )
    gone = (
        delete(AccessCode)
        .where(
            AccessCode.account_id == taken.c.account_id,
            AccessCode.project_id == taken.c.project_id,
            AccessCode.batch_id == taken.c.id,
            AccessCode.redeemed_at.is_(None),
            AccessCode.revoked_at.is_(None),
        )
        .returning(*(getattr(AccessCode, name) for name in _KEPT))
        .cte("gone")
    )
    # In the order of the index over codes, whose pages are then met one after the other: a third of the time.
    tombstones = select(*(gone.c[name] for name in _KEPT), literal(now)).order_by(gone.c.code)
    kept = insert(ExpiredCode).from_select([*_KEPT, "deleted_at"], tombstones).cte("kept")
    closed = (
        update(Batch)
        .where(and_(*(getattr(Batch, name) == taken.c[name] for name in _BATCH_KEY)))
        .values(swept_at=now)
        .cte("closed")
    )
    quantity = func.count(gone.c.position).label("quantity")
    return (
        select(taken.c.account_id, taken.c.id, quantity)
        .outerjoin(gone, and_(gone.c.account_id == taken.c.account_id, gone.c.batch_id == taken.c.id))
        .group_by(taken.c.account_id, taken.c.id)
        .add_cte(kept, closed)
    )


async def forget_tombstones(session: AsyncSession, *, now: datetime, keep_days: int, limit: int = FORGOTTEN) -> int:
    """Delete tombstones older than `keep_days` (a setting, 400), at most `limit`; returns how many."""
    key = tuple_(ExpiredCode.account_id, ExpiredCode.project_id, ExpiredCode.batch_id, ExpiredCode.position)
    old = (
        select(*(getattr(ExpiredCode, name) for name in _KEY))
        .where(ExpiredCode.deleted_at < now - timedelta(days=keep_days))
        .limit(limit)
    )
    gone = await session.execute(delete(ExpiredCode).where(key.in_(old)).returning(ExpiredCode.position))
    return len(gone.all())
