"""What a plan change would come to at this moment (`rules.md` B3-B5, B7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.accounts import AccountUsage, Limits, Standing
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.errors import AccountLockedError
from billing_api.accounts.models import Account
from billing_api.invoices.models import Invoice, InvoiceStatus
from billing_api.plans.find import find_plan
from billing_api.plans.models import Plan
from billing_api.subscriptions.errors import LimitsExceededError, OpenInvoiceError, PlanUnchangedError
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.periods import Period, period_containing
from billing_api.subscriptions.proration import (
    ChangeKind,
    Running,
    Settlement,
    Terms,
    kind_of,
    settle_downgrade,
    settle_to_free,
    settle_upgrade,
)
from billing_api.subscriptions.start_period import read_subscription
from billing_api.subscriptions.turn import turn_account


@dataclass(frozen=True)
class ChangeOffer:
    """A change with its terms. Cents; `amount_due` is what a payment method would pay: the balance pays first."""

    kind: ChangeKind
    subscription: Subscription
    old: Plan
    new: Plan
    settlement: Settlement
    amount_due: int
    period: Period


async def offer_change(session: AsyncSession, account: Account, *, plan_code: str, now: datetime) -> ChangeOffer:
    """Work out a change; the caller holds the account's lock.

    Args:
        session: the caller's transaction.
        account: locked.
        plan_code: the plan to change to.
        now: domain time.

    Raises:
        AccountLockedError: standing forbids it (D3).
        PlanUnknownError: there is no such plan for this account.
        PlanUnchangedError: the account is on it.
        OpenInvoiceError: the running period is not paid (B5).
    """
    await turn_account(session, account, now=now)
    if Standing(account.standing).restricted:
        raise AccountLockedError
    new = await find_plan(session, account_id=account.account_id, code=plan_code)
    subscription, old = await read_subscription(session, account_id=account.account_id)
    if (new.account_id, new.code) == (old.account_id, old.code):
        raise PlanUnchangedError(f"The subscription is on {old.code} already.")
    running = Running(subscription.period_start, subscription.period_end, subscription.period_price)
    kind = ChangeKind.SUBSCRIBE if old.is_free else kind_of(_terms(old), _terms(new))
    if kind is not ChangeKind.SUBSCRIBE:
        await _check_paid(session, subscription)
    if new.is_free:
        settlement = settle_to_free(running, now)
    elif kind is ChangeKind.DOWNGRADE:
        settlement = settle_downgrade(running, _terms(old), _terms(new), now)
    else:
        settlement = settle_upgrade(running, _terms(new), now)
    if settlement.new_period:
        period = period_containing(now, new.period.months, now)
    else:
        period = Period(subscription.period_start, subscription.period_end, subscription.next_turn_at)
    amount_due = max(0, settlement.to_charge - account.credit_balance)
    return ChangeOffer(kind, subscription, old, new, settlement, amount_due, period)


def check_limits(limits: Limits, usage: AccountUsage) -> None:
    """Refuse limits under present usage (B7).

    Raises:
        LimitsExceededError: names each limit that is.
    """
    both: Sequence[tuple[str, int, int | None]] = (
        ("projects", usage.projects, limits.projects),
        ("lifetime_memberships", usage.lifetime_memberships, limits.lifetime_memberships),
    )
    exceeded = [(name, used, allowed) for name, used, allowed in both if allowed is not None and used > allowed]
    if exceeded:
        raise LimitsExceededError(exceeded)


async def _check_paid(session: AsyncSession, subscription: Subscription) -> None:
    if subscription.period_invoice_id is None:
        return
    invoice = await session.get_one(Invoice, (subscription.account_id, subscription.period_invoice_id), populate_existing=True)
    if invoice.status != InvoiceStatus.PAID:
        raise OpenInvoiceError(f"Invoice {invoice.number} is not paid yet.")


def _terms(plan: Plan) -> Terms:
    return Terms(plan.tier, plan.period.months, plan.price)
