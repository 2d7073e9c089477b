"""A creator looks at who is a member."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.models import Membership, MembershipStatus
from codes_api.paging import cut, newest_first
from codes_api.projects.find import get_project


async def list_memberships(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    status: MembershipStatus | None,
    plan_id: UUID | None,
    telegram_id: int | None,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[Sequence[Membership], str | None]:
    """One page, newest first; all filters that are given must hold.

    Raises:
        NotFoundError: no such project.
        InvalidCursorError: the cursor is not of this list.
    """
    await get_project(session, account_id=account_id, project_id=project_id)
    query = select(Membership).where(Membership.account_id == account_id, Membership.project_id == project_id)
    if status is not None:
        query = query.where(_has_status(status, now))
    if plan_id is not None:
        query = query.where(Membership.plan_id == plan_id)
    if telegram_id is not None:
        query = query.where(Membership.telegram_id == telegram_id)
    rows = (await session.execute(newest_first(query, Membership.id, limit=limit, cursor=cursor))).scalars().all()
    return cut(rows, limit=limit, id_of=lambda membership: membership.id)


def _has_status(status: MembershipStatus, now: datetime) -> ColumnElement[bool]:
    """Says in SQL what `summary.status_at` says."""
    over = Membership.ends_at <= now
    active = Membership.status == MembershipStatus.ACTIVE
    match status:
        case MembershipStatus.ACTIVE:
            return and_(active, over.is_not(True))
        case MembershipStatus.ENDED:
            return or_(Membership.status == MembershipStatus.ENDED, and_(active, over))
        case MembershipStatus.CANCELLED:
            return Membership.status == MembershipStatus.CANCELLED
