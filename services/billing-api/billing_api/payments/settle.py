"""Write down what became of an attempt, and let the invoice and what it paid for follow (`rules.md` B8, D1)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.credit.models import CreditReason
from billing_api.credit.post import post_credit
from billing_api.dunning.overdue import mark_overdue
from billing_api.invoices.models import Invoice, InvoicePurpose, InvoiceStatus
from billing_api.invoices.settle import mark_charged, void_invoice
from billing_api.payments.methods import default_payment_method
from billing_api.payments.models import UNRESOLVED, AttemptKind, AttemptStatus, PaymentAttempt, PaymentMethod
from billing_api.payments.processor import ChargeOutcome, ChargeResult
from billing_api.payments.request import attempt_under_way, begin_attempt
from billing_api.subscriptions.begin_paid import begin_paid_plan, drop_pending
from billing_api.subscriptions.recover import recover

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(days=1)
_MOST_DOUBLINGS: Final = 11


async def settle_attempt(
    session: AsyncSession, *, account_id: UUID, attempt_id: UUID, result: ChargeResult | None, now: datetime
) -> AttemptStatus:
    """Write down the processor's word; None: it gave none, and is asked again later. Doing it again changes nothing.

    A success of an attempt that was given up as unanswered is believed too, however late it comes: the money was taken.
    """
    account, attempt, invoice = await _locked(session, account_id, attempt_id)
    if attempt.status == AttemptStatus.UNANSWERED and result is not None and result.outcome is ChargeOutcome.SUCCEEDED:
        return await _on_late_success(session, account, invoice, attempt, result, now=now)
    if attempt.status not in UNRESOLVED:
        return AttemptStatus(attempt.status)
    attempt.leased_until = None
    if result is None:
        attempt.status = AttemptStatus.UNKNOWN
        attempt.resolve_at = now + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempt.silences, _MOST_DOUBLINGS))
        attempt.silences += 1
    else:
        attempt.settled_at, attempt.processor_reference = now, result.reference
        attempt.decline_code = result.decline_code
        if result.outcome is ChargeOutcome.SUCCEEDED:
            attempt.status = AttemptStatus.SUCCEEDED
            await _on_success(session, account, invoice, attempt, now=now)
        else:
            attempt.status = AttemptStatus.DECLINED
            await _on_decline(session, account, invoice, now=now)
    await session.flush()
    return AttemptStatus(attempt.status)


async def settle_silence(
    session: AsyncSession, *, account_id: UUID, attempt_id: UUID, now: datetime, give_up: bool = False
) -> AttemptStatus | None:
    """The processor says that it never got an attempt's request.

    If the creator was told that there was no answer, a first subscription or a manual payment ends here: they try again when
    they like. So does an attempt on a card that is not the default any more: the default is charged in its stead. Else the
    same attempt is to be charged (again), under the same key.

    Args:
        session: the caller's transaction.
        account_id: whose.
        attempt_id: which.
        now: domain time.
        give_up: somebody is about to pay the invoice otherwise, so that this attempt is to end in any case.

    Returns:
        The attempt's end, or None: charge it.
    """
    account, attempt, invoice = await _locked(session, account_id, attempt_id)
    if attempt.status not in UNRESOLVED:
        return AttemptStatus(attempt.status)
    first = invoice.purpose == InvoicePurpose.FIRST_SUBSCRIPTION
    by_creator = first or attempt.kind == AttemptKind.MANUAL
    method = await session.get_one(PaymentMethod, (account_id, attempt.payment_method_id), populate_existing=True)
    if by_creator and method.removed_at is None:
        ends = give_up or attempt.status == AttemptStatus.UNKNOWN
    else:
        ends = give_up or not method.is_default
    if not ends:
        return None
    attempt.status, attempt.settled_at, attempt.leased_until = AttemptStatus.UNANSWERED, now, None
    await session.flush()
    if first:
        await _drop(session, account, invoice, now=now)
    elif by_creator or give_up:
        # Nothing else may be planned for an invoice that is not overdue: don't lose sight of it.
        if invoice.overdue_since is None:
            invoice.next_attempt_at = now + _FIRST_WAIT
            await session.flush()
    else:
        await _charge_default(session, account, invoice, now=now)
    return AttemptStatus.UNANSWERED


async def _locked(session: AsyncSession, account_id: UUID, attempt_id: UUID) -> tuple[Account, PaymentAttempt, Invoice]:
    account = await lock_account(session, account_id)
    invoice_of_attempt = and_(Invoice.account_id == PaymentAttempt.account_id, Invoice.id == PaymentAttempt.invoice_id)
    query = (
        select(PaymentAttempt, Invoice)
        .join(Invoice, invoice_of_attempt)
        .where(PaymentAttempt.account_id == account_id, PaymentAttempt.id == attempt_id)
        .execution_options(populate_existing=True)
    )
    attempt, invoice = (await session.execute(query)).one()
    return account, attempt, invoice


async def _on_success(
    session: AsyncSession, account: Account, invoice: Invoice, attempt: PaymentAttempt, *, now: datetime
) -> None:
    mark_charged(invoice, amount=attempt.amount, now=now)
    await session.flush()
    if invoice.purpose == InvoicePurpose.FIRST_SUBSCRIPTION:
        await begin_paid_plan(session, account, invoice, now=now)
    await recover(session, account, now=now)


async def _on_late_success(
    session: AsyncSession, account: Account, invoice: Invoice, attempt: PaymentAttempt, result: ChargeResult, *, now: datetime
) -> AttemptStatus:
    """It pays the invoice if that is still to be paid; else the amount goes to the balance: no money is ever lost."""
    attempt.processor_reference, attempt.settled_at = result.reference, now
    if invoice.status == InvoiceStatus.OPEN and await attempt_under_way(session, invoice) is None:
        attempt.status = AttemptStatus.SUCCEEDED
        await session.flush()
        await _on_success(session, account, invoice, attempt, now=now)
    else:
        attempt.status = AttemptStatus.LATE
        await session.flush()
        reason = CreditReason.LATE_PAYMENT
        await post_credit(session, account, amount=attempt.amount, reason=reason, invoice_id=invoice.id, now=now)
    return AttemptStatus(attempt.status)


async def _charge_default(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    method = await default_payment_method(session, account_id=account.account_id)
    if method is not None:
        await begin_attempt(session, invoice, method, kind=AttemptKind.NEW_CARD, now=now, leased=False)
    elif invoice.overdue_since is None:
        await mark_overdue(session, account, invoice, now=now)


async def _on_decline(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    if invoice.purpose == InvoicePurpose.FIRST_SUBSCRIPTION:
        await _drop(session, account, invoice, now=now)
    else:
        await mark_overdue(session, account, invoice, now=now)


async def _drop(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    await void_invoice(session, account, invoice, now=now)
    await drop_pending(session, account_id=account.account_id)
