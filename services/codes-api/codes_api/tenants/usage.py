"""What an account uses of its plan's limits, as billing-api asks before a plan change (`rules.md` B7)."""

from uuid import UUID

from shared.contracts.accounts import AccountUsage
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.models import Project
from codes_api.tenants.models import Tenant


async def count_active_projects(session: AsyncSession, *, account_id: UUID) -> int:
    """How many projects count against the plan's limit: archived ones do not."""
    active = select(func.count()).where(Project.account_id == account_id, Project.archived_at.is_(None))
    return (await session.execute(active)).scalar_one()


async def account_usage(session: AsyncSession, *, account_id: UUID) -> AccountUsage:
    """Active projects, and lifetime memberships of the account's whole life (M4). Zeros for an account never seen."""
    tenant = await session.get(Tenant, account_id)
    return AccountUsage(
        projects=await count_active_projects(session, account_id=account_id),
        lifetime_memberships=0 if tenant is None else tenant.lifetime_used,
    )
