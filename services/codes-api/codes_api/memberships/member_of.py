"""Whose membership it is: what bot-gateway needs to know when one ends or is about to (`rules.md` T5)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.redemptions import MemberOfMembership
from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.members import member_view
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.memberships.summary import membership_view


async def member_of(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, membership_id: UUID, now: datetime
) -> MemberOfMembership:
    """The member of a membership, running or not.

    Raises:
        NotFoundError: there is no such membership, or its project is archived.
    """
    query = (
        select(Membership, MembershipPlan)
        .join(
            MembershipPlan,
            (MembershipPlan.account_id == Membership.account_id)
            & (MembershipPlan.project_id == Membership.project_id)
            & (MembershipPlan.id == Membership.plan_id),
        )
        .where(Membership.account_id == account_id, Membership.project_id == project_id, Membership.id == membership_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such membership.")
    membership, plan = row
    place = {"account_id": account_id, "project_id": project_id}
    running = (await member_view(session, **place, telegram_id=membership.telegram_id, now=now)).memberships
    return MemberOfMembership(
        telegram_id=membership.telegram_id, membership=membership_view(membership, plan, now), is_member=bool(running)
    )
