"""What a member sees on `/start` and `/status` (`rules.md` T1, M3)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.redemptions import MemberView
from shared.errors import NotFoundError
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.models import Membership, MembershipPlan, MembershipStatus
from codes_api.memberships.summary import membership_view, plan_summary
from codes_api.projects.models import Project


async def member_view(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, telegram_id: int, now: datetime
) -> MemberView:
    """The plans on offer, oldest first, and the member's running memberships.

    Raises:
        NotFoundError: the account has no such project, or it is archived.
    """
    project = select(Project.id).where(Project.account_id == account_id, Project.id == project_id, Project.archived_at.is_(None))
    if (await session.execute(project)).first() is None:
        raise NotFoundError("There is no such project.")
    on_offer = (
        select(MembershipPlan)
        .where(
            MembershipPlan.account_id == account_id,
            MembershipPlan.project_id == project_id,
            MembershipPlan.active,
            ~MembershipPlan.access_codes_only,
        )
        .order_by(MembershipPlan.id)
    )
    same_plan = and_(
        MembershipPlan.account_id == Membership.account_id,
        MembershipPlan.project_id == Membership.project_id,
        MembershipPlan.id == Membership.plan_id,
    )
    running = (
        select(Membership, MembershipPlan)
        .join(MembershipPlan, same_plan)
        .where(
            Membership.account_id == account_id,
            Membership.project_id == project_id,
            Membership.telegram_id == telegram_id,
            Membership.status == MembershipStatus.ACTIVE,
            or_(Membership.ends_at.is_(None), Membership.ends_at > now),
        )
        .order_by(Membership.id)
    )
    plans = (await session.execute(on_offer)).scalars()
    memberships = await session.execute(running)
    return MemberView(
        plans=[plan_summary(plan) for plan in plans],
        memberships=[membership_view(membership, plan, now) for membership, plan in memberships],
    )
