"""The subscription and its changes."""

from enum import StrEnum

from pydantic import Field
from shared.contracts.accounts import Standing
from shared.contracts.base import ONE_LINE, UtcDatetime, WireModel
from shared.money import Money, usd

from billing_api.api.schemas.accounts import MOMENT
from billing_api.api.schemas.invoices import CreditEntryOut, InvoiceOut
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.offer import ChangeOffer
from billing_api.subscriptions.proration import ChangeKind

_PERIOD_END = "2026-02-28T10:00:00Z"


class SubscriptionStatus(StrEnum):
    """Whether the plan works, as Stripe's users know it; a cancelled one does until its period's end."""

    ACTIVE = "active"
    PAST_DUE = "past_due"
    """An invoice is overdue; nothing is restricted yet."""
    UNPAID = "unpaid"
    """The account is locked or worse."""


class ChangePlan(WireModel):
    """The plan to change to."""

    plan: str = Field(
        min_length=1, max_length=64, pattern=ONE_LINE, description="A code of `GET /v1/plans`.", examples=["growth_monthly"]
    )


class SubscriptionOut(WireModel):
    """The platform plan an account is on, and its running period."""

    plan: str = Field(examples=["starter_monthly"])
    status: SubscriptionStatus = Field(
        description="`past_due`: an invoice is overdue, and nothing is restricted yet. `unpaid`: the account is locked.",
        examples=[SubscriptionStatus.ACTIVE],
    )
    current_period_start: UtcDatetime = Field(examples=[MOMENT])
    current_period_end: UtcDatetime = Field(examples=[_PERIOD_END])
    cancel_at_period_end: bool = Field(
        description="Cancelled: works until the period's end, then the account is on `free`.",
        examples=[False],
    )


class ChangePreview(WireModel):
    """What a change would come to at this moment."""

    kind: ChangeKind = Field(examples=[ChangeKind.UPGRADE])
    credit: Money = Field(description="For the unused time of the running period.", examples=[usd(1950)])
    cost: Money = Field(description="Of the new plan, for the time that is sold now.", examples=[usd(8900)])
    amount_due: Money = Field(description="What the payment method is charged; the balance pays first.", examples=[usd(6950)])
    credit_to_balance: Money = Field(examples=[usd(0)])
    period_start: UtcDatetime = Field(examples=[MOMENT])
    period_end: UtcDatetime = Field(examples=[_PERIOD_END])


class ChangeOut(WireModel):
    """The subscription after the change, the invoice it is charged by, the credit it gave."""

    subscription: SubscriptionOut
    invoice: InvoiceOut | None
    credit_entry: CreditEntryOut | None


def show_subscription(subscription: Subscription, standing: Standing) -> SubscriptionOut:
    """A subscription of an account of this standing."""
    return SubscriptionOut(
        plan=subscription.plan_code,
        status=_status(standing),
        current_period_start=subscription.period_start,
        current_period_end=subscription.period_end,
        cancel_at_period_end=subscription.cancel_at_period_end,
    )


def show_offer(offer: ChangeOffer) -> ChangePreview:
    """The terms of a change."""
    return ChangePreview(
        kind=offer.kind,
        credit=usd(offer.settlement.credit),
        cost=usd(offer.settlement.cost),
        amount_due=usd(offer.amount_due),
        credit_to_balance=usd(offer.settlement.to_balance),
        period_start=offer.period.start,
        period_end=offer.period.end,
    )


def _status(standing: Standing) -> SubscriptionStatus:
    if standing.restricted:
        return SubscriptionStatus.UNPAID
    return SubscriptionStatus.PAST_DUE if standing is Standing.GRACE else SubscriptionStatus.ACTIVE
