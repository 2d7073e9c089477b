"""Usage."""

from pydantic import Field
from shared.contracts.accounts import AccountUsage
from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

from billing_api.api.schemas.accounts import MOMENT
from billing_api.usage.summary import UsageSummary


class CodesUsage(WireModel):
    """The quota of access codes in the running cycle."""

    included: int | None = Field(description="Free codes a cycle; null: unlimited.", examples=[200])
    used: int = Field(description="Generated, less expired and deleted; what is beyond `included` was paid for.", examples=[203])
    remaining: int | None = Field(description="Still free; null: unlimited.", examples=[0])


class Counted(WireModel):
    """What is used of a limit."""

    used: int = Field(examples=[2])
    limit: int | None = Field(description="null: unlimited.", examples=[10])


class UsageOut(WireModel):
    """What an account uses of what its plan allows."""

    cycle_start: UtcDatetime = Field(examples=[MOMENT])
    cycle_end: UtcDatetime = Field(examples=["2026-02-28T10:00:00Z"])
    codes: CodesUsage
    pending_fees: Money = Field(description="Fees that the next invoice will carry.", examples=[usd(141)])
    projects: Counted
    lifetime_memberships: Counted


def show_usage(summary: UsageSummary, counted: AccountUsage) -> UsageOut:
    """Billing's part and what codes-api counted, together."""
    cycle, limits = summary.cycle, summary.plan.limits
    return UsageOut(
        cycle_start=cycle.starts_at,
        cycle_end=cycle.ends_at,
        codes=CodesUsage(included=cycle.included, used=cycle.used, remaining=cycle.remaining),
        pending_fees=usd(summary.pending_fees),
        projects=Counted(used=counted.projects, limit=limits.projects),
        lifetime_memberships=Counted(used=counted.lifetime_memberships, limit=limits.lifetime_memberships),
    )
