"""Memberships whose time is over (`rules.md` M1). They show as ended from that moment; here their rows are marked."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.ended_event import stage_ended
from codes_api.memberships.models import Membership, MembershipStatus

BATCH: Final = 5_000
"""Rows marked by one run: a transaction of well under a second."""


async def end_memberships(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Mark running memberships whose end has come, earliest first, and say so; returns how many, at most `limit`.

    Rows that a redemption holds at the moment are left for the next run: it may be extending them.
    """
    key = tuple_(Membership.account_id, Membership.project_id, Membership.id)
    lapsed = (
        select(Membership.account_id, Membership.project_id, Membership.id)
        .where(Membership.status == MembershipStatus.ACTIVE, Membership.ends_at <= now)
        .order_by(Membership.ends_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("lapsed")
    )
    ended = await session.execute(
        update(Membership)
        .where(key.in_(select(lapsed)))
        .values(status=MembershipStatus.ENDED.value, closed_at=Membership.ends_at)
        .returning(Membership.account_id, Membership.project_id, Membership.id)
        .execution_options(synchronize_session=False)
    )
    rows = ended.all()
    await stage_ended(session, rows, now=now)
    return len(rows)


async def end_lapsed(session: AsyncSession, *, account_id: UUID, project_id: UUID, membership_id: UUID, now: datetime) -> None:
    """Mark this one membership, and say so, if its end has come; nothing if it has not."""
    mine = and_(Membership.account_id == account_id, Membership.project_id == project_id, Membership.id == membership_id)
    ended = await session.execute(
        update(Membership)
        .where(mine, Membership.status == MembershipStatus.ACTIVE, Membership.ends_at <= now)
        .values(status=MembershipStatus.ENDED.value, closed_at=Membership.ends_at)
        .returning(Membership.account_id, Membership.project_id, Membership.id)
        .execution_options(synchronize_session=False)
    )
    await stage_ended(session, ended.all(), now=now)
