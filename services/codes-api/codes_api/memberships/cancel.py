"""A creator ends a membership before its time. The code that gave it stays redeemed."""

from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.ended_event import stage_ended
from codes_api.memberships.errors import MembershipEndedError
from codes_api.memberships.models import Membership, MembershipStatus
from codes_api.memberships.summary import status_at


async def cancel_membership(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, membership_id: UUID, now: datetime
) -> Membership:
    """Cancel it at once. Doing it twice changes nothing more. A lifetime place stays used (`rules.md` M4).

    Raises:
        NotFoundError: there is none in this project of this account.
        MembershipEndedError: it had ended by itself.
    """
    key = (account_id, project_id, membership_id)
    membership = await session.get(Membership, key, with_for_update=True, populate_existing=True)
    if membership is None:
        raise NotFoundError("There is no such membership in this project.")
    status = status_at(membership, now)
    if status is MembershipStatus.ENDED:
        raise MembershipEndedError
    if status is MembershipStatus.ACTIVE:
        membership.status = MembershipStatus.CANCELLED.value
        membership.closed_at = now
        await session.flush()
        await stage_ended(session, [key], now=now)
    return membership
