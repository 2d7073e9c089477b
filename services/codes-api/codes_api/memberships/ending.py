"""Memberships that are about to end: their members are reminded, once for each end (`rules.md` T5).

A mark says until which end members were reminded, so that no membership carries a flag of its own and redeeming, which
writes it, stays as quick as it is. An extension moves the end beyond the mark, and the member is reminded again then.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from shared.calendar import rfc3339
from shared.contracts.events import EventType
from shared.outbox import stage_all
from sqlalchemy import ColumnElement, and_, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.memberships.models import Membership, MembershipStatus, ReminderMark

REMIND_BEFORE: Final = timedelta(days=3)
"""A membership that is no longer than this is not reminded of: its member has just come."""
BATCH: Final = 1_000

_LASTS: Final[ColumnElement[bool]] = and_(
    Membership.status == MembershipStatus.ACTIVE,
    Membership.ends_at.is_not(None),
    Membership.ends_at - Membership.starts_at > literal(REMIND_BEFORE),
)


def next_reminder() -> Any:
    """When the next membership is to be announced, as a scalar subquery; null: none is planned."""
    mark = select(ReminderMark.until).scalar_subquery()
    beyond = Membership.ends_at > func.coalesce(mark, text("'-infinity'::timestamptz"))
    return select(func.min(Membership.ends_at) - literal(REMIND_BEFORE)).where(_LASTS, beyond).scalar_subquery()


async def announce_ending(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Stage `membership.ending` for memberships that end within `REMIND_BEFORE`; returns how many, at most `limit` and those
    that end at the very moment of the last one."""
    await session.execute(insert(ReminderMark).values(until=now).on_conflict_do_nothing())
    mark = (await session.execute(select(ReminderMark.until).with_for_update())).scalar_one()
    ending = (
        select(Membership.account_id, Membership.project_id, Membership.id, Membership.ends_at)
        .where(_LASTS, Membership.ends_at > max(mark, now), Membership.ends_at <= now + REMIND_BEFORE)
        .order_by(Membership.ends_at)
        .fetch(limit, with_ties=True)
    )
    rows = (await session.execute(ending)).all()
    if rows:
        events = [
            (
                row.account_id,
                {"project_id": str(row.project_id), "membership_id": str(row.id), "ends_at": rfc3339(row.ends_at)},
            )
            for row in rows
        ]
        await stage_all(session, outbox, EventType.MEMBERSHIP_ENDING, events, now=now)
        await session.execute(update(ReminderMark).values(until=rows[-1].ends_at))
    return len(rows)
