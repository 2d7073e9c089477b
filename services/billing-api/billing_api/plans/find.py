"""Find the plans an account can be on."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.plans.errors import PlanUnknownError
from billing_api.plans.models import CATALOG_OWNER, FREE, Plan


async def find_plan(session: AsyncSession, *, account_id: UUID, code: str) -> Plan:
    """A plan of the catalog or of the account's own.

    Raises:
        PlanUnknownError: neither has this code; another account's plan is unknown too.
    """
    query = select(Plan).where(Plan.account_id.in_((account_id, CATALOG_OWNER)), Plan.code == code)
    plan = (await session.scalars(query)).one_or_none()
    if plan is None:
        raise PlanUnknownError
    return plan


async def free_plan(session: AsyncSession) -> Plan:
    """The plan that accounts start on and fall back to."""
    return (await session.scalars(select(Plan).where(Plan.account_id == CATALOG_OWNER, Plan.code == FREE))).one()


async def list_plans(session: AsyncSession, *, account_id: UUID | None) -> Sequence[Plan]:
    """The catalog by tier and price; with an account also its own plans, after it."""
    owners = (CATALOG_OWNER,) if account_id is None else (CATALOG_OWNER, account_id)
    query = select(Plan).where(Plan.account_id.in_(owners)).order_by(Plan.account_id, Plan.tier, Plan.price, Plan.code)
    return (await session.scalars(query)).all()
