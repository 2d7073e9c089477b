"""Operators make a plan for one account."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from shared.contracts.accounts import Branding, Limits
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.plans.errors import PlanCodeTakenError
from billing_api.plans.models import CATALOG_OWNER, Interval, Plan


@dataclass(frozen=True)
class CustomPlan:
    """The terms of a custom plan. `price` in cents a period, `fee_rate` a fraction of 1."""

    code: str
    name: str
    tier: int
    interval: Interval
    price: int
    limits: Limits
    fee_rate: Decimal
    branding: Branding
    referral_program: bool


async def create_custom_plan(session: AsyncSession, *, account_id: UUID, terms: CustomPlan) -> Plan:
    """A plan that only this account can choose (`rules.md` B1).

    Raises:
        NotFoundError: there is no such account.
        PlanCodeTakenError: the catalog or the account has a plan of this code.
    """
    await lock_account(session, account_id)
    same = select(func.count()).select_from(Plan).where(Plan.account_id.in_((account_id, CATALOG_OWNER)), Plan.code == terms.code)
    if await session.scalar(same):
        raise PlanCodeTakenError(f"The catalog or this account has a plan {terms.code!r} already.")
    plan = Plan(
        account_id=account_id,
        code=terms.code,
        name=terms.name,
        tier=terms.tier,
        interval=terms.interval,
        price=terms.price,
        limit_projects=terms.limits.projects,
        limit_lifetime_memberships=terms.limits.lifetime_memberships,
        limit_codes=terms.limits.codes,
        fee_rate=terms.fee_rate,
        branding=terms.branding,
        referral_program=terms.referral_program,
    )
    session.add(plan)
    await session.flush()
    return plan
