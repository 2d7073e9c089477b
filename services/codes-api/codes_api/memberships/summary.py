"""Plans and memberships as their members see them."""

from datetime import datetime

from shared.contracts.redemptions import MembershipView, PlanSummary
from shared.money import Money

from codes_api.memberships.models import IntervalUnit, Membership, MembershipPlan, MembershipStatus
from codes_api.memberships.periods import period_in_words


def plan_summary(plan: MembershipPlan) -> PlanSummary:
    """A plan for its members."""
    return PlanSummary(
        id=plan.id,
        name=plan.name,
        price=Money(amount=plan.price_amount, currency=plan.price_currency),
        period=period_in_words(plan.interval_unit, plan.interval_count),
        lifetime=plan.interval_unit == IntervalUnit.LIFETIME,
    )


def membership_view(membership: Membership, plan: MembershipPlan, now: datetime) -> MembershipView:
    """A membership for its member."""
    return MembershipView(
        id=membership.id,
        plan=plan_summary(plan),
        status=status_at(membership, now),
        starts_at=membership.starts_at,
        ends_at=membership.ends_at,
    )


def status_at(membership: Membership, now: datetime) -> MembershipStatus:
    """The status people see: past its end a membership is ended, whether the sweep has marked it or not."""
    status = MembershipStatus(membership.status)
    if status is MembershipStatus.ACTIVE and membership.ends_at is not None and membership.ends_at <= now:
        return MembershipStatus.ENDED
    return status


def runs(membership: Membership, now: datetime) -> bool:
    """Whether the membership is running: redeeming would extend it (`rules.md` M2)."""
    return status_at(membership, now) is MembershipStatus.ACTIVE
