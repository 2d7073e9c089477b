"""Platform plans."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from shared.contracts.accounts import Branding, Limits
from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

from billing_api.api.schemas.accounts import ACCOUNT_ID, MOMENT, Name
from billing_api.plans.models import CATALOG_OWNER, ExchangeRate, Interval, Plan

_FEE_RATE_DIGITS = 6


def _in_usd(price: Money) -> Money:
    if price.currency != "USD" or price.amount < 0:
        msg = "Platform plans have a price in USD that is not negative."
        raise ValueError(msg)
    return price


def _fraction(text: str) -> str:
    if not 0 <= Decimal(text) <= 1:
        msg = "A fee rate is a fraction between 0 and 1: 0.03 is 3%."
        raise ValueError(msg)
    return text


FeeRate = Annotated[str, Field(pattern=rf"^[0-9]{{1,2}}(\.[0-9]{{1,{_FEE_RATE_DIGITS}}})?$"), AfterValidator(_fraction)]
_EXAMPLE_LIMITS = Limits(projects=10, lifetime_memberships=20_000, codes=200)


class PlanOut(WireModel):
    """A platform plan."""

    code: str = Field(examples=["starter_monthly"])
    name: str = Field(examples=["Starter"])
    tier: int = Field(description="Rank: a higher one is an upgrade.", examples=[1])
    interval: Interval = Field(examples=[Interval.MONTH])
    price: Money = Field(description="Of one period.", examples=[usd(3900)])
    limits: Limits = Field(description="null is unlimited; `codes` is free access codes a cycle.", examples=[_EXAMPLE_LIMITS])
    fee_rate: str = Field(description="Of the plan price of each code beyond the quota; 0.03 is 3%.", examples=["0.03"])
    branding: Branding = Field(description='Where "Powered by MemberPass" is shown.', examples=[Branding.PORTAL_ONLY])
    referral_program: bool = Field(examples=[True])
    custom: bool = Field(description="Made for this account alone.", examples=[False])


class CreatePlan(WireModel):
    """A plan for one account."""

    account_id: UUID = Field(examples=[ACCOUNT_ID])
    code: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["agency_2026"])
    name: Name = Field(examples=["Agency"])
    tier: int = Field(strict=True, ge=0, le=1000, description="Rank; free 0, starter 1, growth 2.", examples=[3])
    interval: Interval = Field(examples=[Interval.MONTH])
    price: Annotated[Money, AfterValidator(_in_usd)] = Field(examples=[usd(19900)])
    limits: Limits = Field(examples=[Limits(projects=None, lifetime_memberships=None, codes=2000)])
    fee_rate: FeeRate = Field(description="Decimal string: 0.005 is half a percent.", examples=["0.005"])
    branding: Branding = Field(default=Branding.NOWHERE, examples=[Branding.NOWHERE])
    referral_program: bool = Field(default=True, examples=[True])


class OperatorPlanOut(PlanOut):
    """A plan as operators see it. `account_id` null: it is in the catalog."""

    account_id: UUID | None = Field(examples=[ACCOUNT_ID])


class ExchangeRateOut(WireModel):
    """What one unit of a currency is worth in USD."""

    currency: str = Field(examples=["EUR"])
    usd: str = Field(examples=["1.0834"])
    updated_at: UtcDatetime = Field(examples=[MOMENT])


class ExchangeRatesOut(WireModel):
    """All exchange rates."""

    data: list[ExchangeRateOut]


def decimal_text(value: Decimal, digits: int) -> str:
    """A decimal without needless zeros, but with so many digits at least: 0.100000 -> 0.10."""
    kept = f"{value:f}".rstrip("0") if "." in f"{value:f}" else f"{value:f}."
    whole, _, fraction = kept.partition(".")
    return f"{whole}.{fraction.ljust(digits, '0')}" if fraction or digits else whole


def rate_text(rate: Decimal) -> str:
    """A fee's rate, of a plan as of a sale: 0.10."""
    return decimal_text(rate, 2)


def show_plan(plan: Plan) -> PlanOut:
    """A plan as creators see it."""
    return PlanOut(
        code=plan.code,
        name=plan.name,
        tier=plan.tier,
        interval=plan.period,
        price=usd(plan.price),
        limits=plan.limits,
        fee_rate=rate_text(plan.fee_rate),
        branding=plan.shown_branding,
        referral_program=plan.referral_program,
        custom=plan.account_id != CATALOG_OWNER,
    )


def show_operator_plan(plan: Plan) -> OperatorPlanOut:
    """A plan as operators see it."""
    owner = None if plan.account_id == CATALOG_OWNER else plan.account_id
    return OperatorPlanOut(**dict(show_plan(plan)), account_id=owner)


def show_rate(rate: ExchangeRate) -> ExchangeRateOut:
    """An exchange rate."""
    return ExchangeRateOut(currency=rate.currency, usd=decimal_text(rate.usd, 2), updated_at=rate.updated_at)
