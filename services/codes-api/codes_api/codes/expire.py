"""The sweep: unredeemed codes past their expiry are deleted and free their quota (`rules.md` C3, C4, Q1)."""

from datetime import datetime, timedelta
from typing import Final

from shared.contracts.events import EventType
from shared.outbox import stage_all
from sqlalchemy import and_, delete, func, insert, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.models import AccessCode, ExpiredCode

BATCH: Final = 5_000
"""Codes swept by one run: a transaction of well under a second, so that locks are short and a stop loses little."""

_KEY: Final = ("account_id", "project_id", "batch_id", "position")
_KEPT: Final = (*_KEY, "code", "plan_id", "expires_at")


async def expire_codes(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Delete codes that are due, earliest first, keep a tombstone of each and tell who counts, batch by batch.

    A code is due when `expires_at <= now`. One that a redemption holds is left for the next run: if the redemption
    succeeds it is no longer due. Deletion, tombstones and events are one transaction.

    Returns:
        How many codes were deleted, at most `limit`.
    """
    due = (
        select(*(getattr(AccessCode, name) for name in _KEY))
        .where(AccessCode.redeemed_at.is_(None), AccessCode.revoked_at.is_(None), AccessCode.expires_at <= now)
        .order_by(AccessCode.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    gone = (
        delete(AccessCode)
        .where(and_(*(getattr(AccessCode, name) == due.c[name] for name in _KEY)))
        .returning(*(getattr(AccessCode, name) for name in _KEPT))
        .cte("gone")
    )
    kept = (
        insert(ExpiredCode)
        .from_select([*_KEPT, "deleted_at"], select(*(gone.c[name] for name in _KEPT), literal(now)))
        .cte("kept")
    )
    count = (
        select(gone.c.account_id, gone.c.batch_id, func.count().label("quantity"))
        .group_by(gone.c.account_id, gone.c.batch_id)
        .add_cte(kept)
    )
    batches = (await session.execute(count)).all()
    if not batches:
        return 0
    events = [(row.account_id, {"batch_id": str(row.batch_id), "quantity": row.quantity}) for row in batches]
    await stage_all(session, outbox, EventType.CODES_EXPIRED, events, now=now)
    return sum(row.quantity for row in batches)


async def forget_tombstones(session: AsyncSession, *, now: datetime, keep_days: int, limit: int = BATCH) -> int:
    """Delete tombstones older than `keep_days` (a setting, 400), at most `limit`; returns how many."""
    key = tuple_(ExpiredCode.account_id, ExpiredCode.project_id, ExpiredCode.batch_id, ExpiredCode.position)
    old = (
        select(*(getattr(ExpiredCode, name) for name in _KEY))
        .where(ExpiredCode.deleted_at < now - timedelta(days=keep_days))
        .limit(limit)
    )
    gone = await session.execute(delete(ExpiredCode).where(key.in_(old)).returning(ExpiredCode.position))
    return len(gone.all())
