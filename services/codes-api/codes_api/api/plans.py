"""/v1/projects/{p}/plans."""

from typing import Any

from babel.numbers import is_currency
from fastapi import APIRouter, Request, status
from pydantic import Field, StrictBool, StrictInt, ValidationInfo, field_validator
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.pages import InvalidCursorError, Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of
from shared.money import MAX_MINOR_UNITS, Money

from codes_api.api.deps import CreatorDep, NowDep, SessionDep
from codes_api.api.docs import post_problems, read_problems, write_problems
from codes_api.api.fields import DEFAULT_LIMIT, Cursor, Id, Limit, PlanId, ProjectId, ShortText
from codes_api.memberships.models import IntervalUnit, MembershipPlan
from codes_api.memberships.plans import LONGEST, change_plan, create_plan, get_plan, list_plans
from codes_api.projects.errors import ProjectArchivedError

router = APIRouter(prefix="/v1/projects/{project_id}/plans", tags=["Membership plans"], route_class=IdempotentRoute)


class Price(Money):
    """A face value: not negative, in a currency of ISO 4217."""

    amount: int = Field(strict=True, ge=0, le=MAX_MINOR_UNITS, description="Minor units (cents for USD).")

    @field_validator("currency")
    @classmethod
    def _exists(cls, value: str) -> str:
        if not is_currency(value):
            msg = "is no currency of ISO 4217"
            raise ValueError(msg)
        return value


class Interval(WireModel):
    """How long one redemption lasts."""

    unit: IntervalUnit = Field(examples=["month"])
    count: StrictInt = Field(default=1, ge=1, description="1 with `lifetime`.", examples=[1], validate_default=True)

    @field_validator("count", mode="before")
    @classmethod
    def _nothing_to_count(cls, value: Any, info: ValidationInfo) -> Any:
        """A client that always sends the field has nothing to say in it for a lifetime."""
        return 1 if value is None and info.data.get("unit") is IntervalUnit.LIFETIME else value

    @field_validator("count")
    @classmethod
    def _not_too_long(cls, value: int, info: ValidationInfo) -> int:
        unit = info.data.get("unit")
        if unit is not None and value > LONGEST[unit]:
            msg = f"must be at most {LONGEST[unit]} with unit {unit.value}"
            raise ValueError(msg)
        return value


class NewPlan(WireModel):
    """A membership plan to be made."""

    name: ShortText = Field(examples=["Monthly"])
    price: Price
    interval: Interval
    access_codes_only: StrictBool = Field(
        default=False, description="Not in the bot's plan list; its codes work.", examples=[False]
    )


class PlanChange(WireModel):
    """What to change; what is left out stays. The period can't be changed: codes were sold for it."""

    name: ShortText | None = Field(default=None, examples=["Monthly"])
    price: Price | None = None
    active: StrictBool | None = Field(default=None, description="Codes of an inactive plan still work.", examples=[True])
    access_codes_only: StrictBool | None = Field(default=None, examples=[False])

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            msg = "can't be null; leave it out to keep it"
            raise ValueError(msg)
        return value


class PlanOut(WireModel):
    """What a redeemed code gives its member."""

    id: Id
    project_id: Id
    name: str = Field(examples=["Monthly"])
    price: Money
    interval: Interval
    access_codes_only: bool = Field(examples=[False])
    active: bool = Field(examples=[True])
    created_at: UtcDatetime


def plan_out(plan: MembershipPlan) -> PlanOut:
    """A membership plan on the wire."""
    return PlanOut(
        id=plan.id,
        project_id=plan.project_id,
        name=plan.name,
        price=Money(amount=plan.price_amount, currency=plan.price_currency),
        interval=Interval(unit=IntervalUnit(plan.interval_unit), count=plan.interval_count),
        access_codes_only=plan.access_codes_only,
        active=plan.active,
        created_at=plan.created_at,
    )


@router.post(
    "",
    summary="Make a membership plan",
    status_code=status.HTTP_201_CREATED,
    responses=post_problems(ProjectArchivedError),
)
async def create(
    request: Request, project_id: ProjectId, asker: CreatorDep, body: NewPlan, session: SessionDep, now: NowDep
) -> PlanOut:
    """It is active at once."""
    plan = await create_plan(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        plan_id=resource_id_of(request),
        name=body.name,
        price=body.price,
        unit=body.interval.unit,
        count=body.interval.count,
        access_codes_only=body.access_codes_only,
        now=now,
    )
    return plan_out(plan)


@router.get("", summary="List membership plans", responses=read_problems(NotFoundError, InvalidCursorError))
async def list_(
    project_id: ProjectId, asker: CreatorDep, session: SessionDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PlanOut]:
    """Newest first, active or not."""
    plans, next_cursor = await list_plans(session, account_id=asker.account_id, project_id=project_id, limit=limit, cursor=cursor)
    return Page[PlanOut](data=[plan_out(plan) for plan in plans], next_cursor=next_cursor)


@router.get("/{plan_id}", summary="Look at a membership plan", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, plan_id: PlanId, asker: CreatorDep, session: SessionDep) -> PlanOut:
    """Active or not."""
    return plan_out(await get_plan(session, account_id=asker.account_id, project_id=project_id, plan_id=plan_id))


@router.patch("/{plan_id}", summary="Change a membership plan", responses=write_problems(ProjectArchivedError))
async def change(project_id: ProjectId, plan_id: PlanId, asker: CreatorDep, body: PlanChange, session: SessionDep) -> PlanOut:
    """Takes effect for codes that are generated from now on. Made inactive, its codes still work."""
    plan = await change_plan(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        plan_id=plan_id,
        name=body.name,
        price=body.price,
        active=body.active,
        access_codes_only=body.access_codes_only,
    )
    return plan_out(plan)
