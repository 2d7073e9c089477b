"""Leave the free plan for one that costs something: the payment must succeed before anything changes (`rules.md` B8)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.db import Database
from shared.ids import new_id
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.errors import AccountLockedError
from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.invoices.issue import LineDraft, issue_invoice
from billing_api.invoices.models import Invoice, InvoicePurpose, InvoiceStatus, LineKind
from billing_api.payments.attempt import collect, resolve
from billing_api.payments.errors import PaymentFailedError, PaymentMethodRequiredError, PaymentUnansweredError
from billing_api.payments.methods import default_payment_method
from billing_api.payments.models import UNRESOLVED, AttemptStatus, PaymentAttempt
from billing_api.payments.processor import PaymentProcessor
from billing_api.payments.request import begin_attempt
from billing_api.plans.find import find_plan
from billing_api.plans.models import Plan
from billing_api.subscriptions.begin_paid import begin_paid_plan
from billing_api.subscriptions.errors import ChangeInProgressError, PlanUnchangedError
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.periods import period_containing
from billing_api.subscriptions.start_period import read_subscription
from billing_api.subscriptions.turn import turn_account


@dataclass(frozen=True)
class Started:
    """The first subscription's invoice; `attempt_id` is to be charged, None: there is nothing to charge (any more)."""

    invoice_id: UUID
    attempt_id: UUID | None


async def subscribe(
    database: Database, processor: PaymentProcessor, *, account_id: UUID, plan_code: str, invoice_id: UUID, now: datetime
) -> UUID:
    """Subscribe in steps that each commit, so that a crash between any two charges once and loses nothing.

    Args:
        database: opens a transaction for each step.
        processor: is asked between transactions only.
        account_id: who.
        plan_code: what.
        invoice_id: the business id of this request; a retry brings the same one and goes on with the same invoice.
        now: domain time.

    Returns:
        The paid invoice's id.

    Raises:
        PlanUnknownError, PlanUnchangedError, AccountLockedError, PaymentMethodRequiredError: nothing was tried.
        ChangeInProgressError: another request is at it.
        PaymentFailedError: declined; nothing changed.
        PaymentUnansweredError: the processor gave no answer; nothing changed.
    """
    left_over = await _settle_left_over(database, processor, account_id, now)
    async with database.transaction() as session:
        if left_over is not None and await _is_on(session, account_id, plan_code):
            return left_over
        started = await begin_subscription(session, account_id=account_id, plan_code=plan_code, invoice_id=invoice_id, now=now)
    if started.attempt_id is not None:
        status = await collect(database, processor, account_id=account_id, attempt_id=started.attempt_id, now=now)
        if status is AttemptStatus.DECLINED:
            raise PaymentFailedError("The card was declined. Nothing was changed.")
        if status is not AttemptStatus.SUCCEEDED:
            raise PaymentUnansweredError
    return started.invoice_id


async def begin_subscription(
    session: AsyncSession, *, account_id: UUID, plan_code: str, invoice_id: UUID, now: datetime
) -> Started:
    """Issue the invoice and write down the attempt to charge it; the plan begins when that succeeded."""
    account = await lock_account(session, account_id)
    known = await session.get(Invoice, (account_id, invoice_id), populate_existing=True)
    if known is not None and known.status == InvoiceStatus.PAID:
        return Started(invoice_id, None)
    if Standing(account.standing).restricted:
        raise AccountLockedError
    await turn_account(session, account, now=now)
    plan = await find_plan(session, account_id=account_id, code=plan_code)
    subscription, current = await read_subscription(session, account_id=account_id)
    if subscription.pending_invoice_id is not None:
        raise ChangeInProgressError
    if (plan.account_id, plan.code) == (current.account_id, current.code):
        raise PlanUnchangedError(f"The subscription is on {current.code} already.")
    if not current.is_free:
        raise ChangeInProgressError
    invoice = await _issue(session, account, subscription, plan, new_id() if known is not None else invoice_id, now)
    if invoice.status == InvoiceStatus.PAID:
        await begin_paid_plan(session, account, invoice, now=now)
        return Started(invoice.id, None)
    method = await default_payment_method(session, account_id=account_id)
    if method is None:
        raise PaymentMethodRequiredError("Add a payment method first: POST /v1/payment-methods.")
    attempt = await begin_attempt(session, invoice, method, now=now, leased=True)
    return Started(invoice.id, attempt.id)


async def _issue(
    session: AsyncSession, account: Account, subscription: Subscription, plan: Plan, invoice_id: UUID, now: datetime
) -> Invoice:
    period = period_containing(now, plan.period.months, now)
    line = LineDraft(LineKind.PLAN, f"{plan.name} ({plan.code})", plan.price, period.start, period.end)
    invoice = await issue_invoice(
        session,
        account,
        invoice_id=invoice_id,
        purpose=InvoicePurpose.FIRST_SUBSCRIPTION,
        lines=[line],
        plan=plan,
        now=now,
    )
    subscription.pending_invoice_id = invoice.id
    await session.flush()
    return invoice


async def _settle_left_over(database: Database, processor: PaymentProcessor, account_id: UUID, now: datetime) -> UUID | None:
    """Bring an earlier try to its end first, so that it is never charged beside a new one; its invoice if it paid."""
    async with database.transaction() as session:
        pending = select(Subscription.pending_invoice_id).where(Subscription.account_id == account_id)
        query = select(PaymentAttempt).where(
            PaymentAttempt.account_id == account_id,
            PaymentAttempt.invoice_id == pending.scalar_subquery(),
            PaymentAttempt.status.in_(UNRESOLVED),
        )
        attempt = (await session.scalars(query)).one_or_none()
    if attempt is None:
        return None
    status = await resolve(database, processor, account_id=account_id, attempt_id=attempt.id, now=now)
    if status is None:
        raise ChangeInProgressError
    if status in UNRESOLVED:
        raise PaymentUnansweredError
    return attempt.invoice_id if status is AttemptStatus.SUCCEEDED else None


async def _is_on(session: AsyncSession, account_id: UUID, plan_code: str) -> bool:
    _, plan = await read_subscription(session, account_id=account_id)
    return plan.code == plan_code
