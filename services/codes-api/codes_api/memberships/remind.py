"""Members are reminded before their time is over (`rules.md` T5), once for each end: extending plans the next one.

How long before: the setting, 3 days. A membership that lasts no longer than that altogether is reminded a day before; of one
that lasts a day or less the member knows.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.calendar import rfc3339
from shared.contracts.events import EventType
from shared.outbox import stage_all
from sqlalchemy import ColumnElement, Interval, and_, func, literal, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.memberships.models import UNREMINDED, Membership

BATCH: Final = 1_000
"""Events written by one run: a transaction of well under a second."""

DAY: Final = timedelta(days=1)
_LENGTH: Final = Membership.ends_at - Membership.starts_at


async def remind_members(session: AsyncSession, *, now: datetime, days_before: int, limit: int = BATCH) -> int:
    """Have the members told whose end has come so near, earliest first; returns how many, at most `limit`.

    Rows that a redemption holds at the moment are left for the next run: it is extending them.
    """
    before = timedelta(days=days_before)
    far = and_(before < _LENGTH, Membership.ends_at <= now + before)
    near = and_(before >= _LENGTH, Membership.ends_at <= now + DAY)
    key = (Membership.account_id, Membership.project_id, Membership.id)
    ending = (
        select(*key)
        .where(text(UNREMINDED), or_(far, near), Membership.ends_at > now)
        .order_by(Membership.ends_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ending")
    )
    reminded = await session.execute(
        update(Membership)
        .where(tuple_(*key).in_(select(ending)))
        .values(reminded_for=Membership.ends_at)
        .returning(*key, Membership.ends_at)
        .execution_options(synchronize_session=False)
    )
    events = [_event(account, project, membership, ends) for account, project, membership, ends in reminded if ends is not None]
    if events:
        await stage_all(session, outbox, EventType.MEMBERSHIP_ENDING, events, now=now)
    return len(events)


def next_reminder(days_before: int) -> ColumnElement[datetime]:
    """When the next member is to be reminded, as a scalar subquery; NULL: none. Reads the beginning of an index."""
    before = timedelta(days=days_before)
    long = select(func.min(Membership.ends_at) - literal(before, Interval)).where(text(UNREMINDED), before < _LENGTH)
    short = select(func.min(Membership.ends_at) - literal(DAY, Interval)).where(text(UNREMINDED), before >= _LENGTH)
    earliest: ColumnElement[datetime] = func.least(long.scalar_subquery(), short.scalar_subquery())
    return earliest


def _event(account_id: UUID, project_id: UUID, membership_id: UUID, ends_at: datetime) -> tuple[UUID, dict[str, str]]:
    return account_id, {"project_id": str(project_id), "membership_id": str(membership_id), "ends_at": rfc3339(ends_at)}
