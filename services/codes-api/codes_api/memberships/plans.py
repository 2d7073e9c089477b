"""What a creator sells: membership plans of a project (`rules.md` M1, M3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.errors import NotFoundError
from shared.money import Money
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.models import IntervalUnit, MembershipPlan
from codes_api.paging import cut, newest_first
from codes_api.projects.find import get_active_project, get_project

LONGEST: Final = {
    IntervalUnit.DAY: 3650,
    IntervalUnit.WEEK: 520,
    IntervalUnit.MONTH: 120,
    IntervalUnit.YEAR: 10,
    IntervalUnit.LIFETIME: 1,
}
"""About ten years a period: longer is what `lifetime` is for, and a member who redeems code after code stays within the
dates that a calendar can hold."""


async def create_plan(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    plan_id: UUID,
    name: str,
    price: Money,
    unit: IntervalUnit,
    count: int,
    access_codes_only: bool,
    now: datetime,
) -> MembershipPlan:
    """Make an active plan.

    Args:
        price: the face value, minor units of any currency.
        count: 1 to `LONGEST[unit]`.

    Raises:
        NotFoundError, ProjectArchivedError.
    """
    await get_active_project(session, account_id=account_id, project_id=project_id)
    plan = MembershipPlan(
        account_id=account_id,
        project_id=project_id,
        id=plan_id,
        name=name,
        price_amount=price.amount,
        price_currency=price.currency,
        interval_unit=unit.value,
        interval_count=count,
        access_codes_only=access_codes_only,
        active=True,
        created_at=now,
    )
    session.add(plan)
    await session.flush()
    return plan


async def get_plan(session: AsyncSession, *, account_id: UUID, project_id: UUID, plan_id: UUID) -> MembershipPlan:
    """The plan, active or not.

    Raises:
        NotFoundError: there is none in this project of this account; names plan_id.
    """
    plan = await session.get(MembershipPlan, (account_id, project_id, plan_id))
    if plan is None:
        raise no_such_plan()
    return plan


def no_such_plan() -> NotFoundError:
    """The refusal of a plan that the project has not."""
    return NotFoundError("plan_id: there is no such membership plan in this project.")


async def list_plans(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, limit: int, cursor: str | None
) -> tuple[Sequence[MembershipPlan], str | None]:
    """One page, newest first.

    Raises:
        NotFoundError: no such project.
        InvalidCursorError: the cursor is not of this list.
    """
    await get_project(session, account_id=account_id, project_id=project_id)
    query = select(MembershipPlan).where(MembershipPlan.account_id == account_id, MembershipPlan.project_id == project_id)
    rows = (await session.execute(newest_first(query, MembershipPlan.id, limit=limit, cursor=cursor))).scalars().all()
    return cut(rows, limit=limit, id_of=lambda plan: plan.id)


async def change_plan(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    plan_id: UUID,
    name: str | None,
    price: Money | None,
    active: bool | None,
    access_codes_only: bool | None,
) -> MembershipPlan:
    """Change what is given; None leaves as it is. The period never changes: codes were sold for it.

    Raises:
        NotFoundError, ProjectArchivedError.
    """
    await get_active_project(session, account_id=account_id, project_id=project_id)
    plan = await get_plan(session, account_id=account_id, project_id=project_id, plan_id=plan_id)
    if name is not None:
        plan.name = name
    if price is not None:
        plan.price_amount, plan.price_currency = price.amount, price.currency
    if active is not None:
        plan.active = active
    if access_codes_only is not None:
        plan.access_codes_only = access_codes_only
    await session.flush()
    return plan
