"""What is known about one canonical code, in one question: asked before a refusal is worded, and for a preview."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from codes_api.codes.models import AccessCode, Batch
from codes_api.memberships.models import Membership, MembershipPlan, MembershipStatus
from codes_api.projects.models import Project
from codes_api.tenants.models import Tenant


@dataclass(frozen=True)
class Sight:
    """A code as one member stands before it. `swept_at`: its batch's, which makes it a tombstone unless it was redeemed or
    revoked before. `running`: the row of theirs that redeeming would extend (its end may have passed). `given`: what this
    very code gave. `plan` is there whenever `code` is."""

    project: Project
    tenant: Tenant
    code: AccessCode | None
    swept_at: datetime | None
    plan: MembershipPlan | None
    running: Membership | None
    given: Membership | None


async def look_up(session: AsyncSession, *, account_id: UUID, project_id: UUID, code: str, telegram_id: int) -> Sight:
    """Everything that decides what happens to `code` in this member's hands.

    Args:
        code: canonical, 16 symbols.

    Raises:
        NotFoundError: the account has no such project.
    """
    running, given = aliased(Membership), aliased(Membership)
    query = (
        select(Project, Tenant, AccessCode, Batch.swept_at, MembershipPlan, running, given)
        .join(Tenant, Tenant.account_id == Project.account_id)
        .outerjoin(
            AccessCode,
            and_(
                AccessCode.account_id == Project.account_id,
                AccessCode.project_id == Project.id,
                AccessCode.code == code,
            ),
        )
        .outerjoin(
            Batch,
            and_(
                Batch.account_id == AccessCode.account_id,
                Batch.project_id == AccessCode.project_id,
                Batch.id == AccessCode.batch_id,
            ),
        )
        .outerjoin(
            MembershipPlan,
            and_(
                MembershipPlan.account_id == Project.account_id,
                MembershipPlan.project_id == Project.id,
                MembershipPlan.id == AccessCode.plan_id,
            ),
        )
        .outerjoin(
            running,
            and_(
                running.account_id == Project.account_id,
                running.project_id == Project.id,
                running.plan_id == MembershipPlan.id,
                running.telegram_id == telegram_id,
                running.status == MembershipStatus.ACTIVE,
            ),
        )
        .outerjoin(
            given,
            and_(
                given.account_id == Project.account_id,
                given.project_id == Project.id,
                given.id == AccessCode.membership_id,
                given.telegram_id == telegram_id,
            ),
        )
        .where(Project.account_id == account_id, Project.id == project_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such project.")
    return Sight(*row)
