"""Write down what became of an attempt, and let the invoice and what it paid for follow (`rules.md` B8, D1)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.invoices.models import Invoice, InvoicePurpose
from billing_api.invoices.settle import mark_charged, void_invoice
from billing_api.payments.models import UNRESOLVED, AttemptStatus, PaymentAttempt
from billing_api.payments.processor import ChargeOutcome, ChargeResult
from billing_api.subscriptions.begin_paid import begin_paid_plan, drop_pending

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(days=1)
_MOST_DOUBLINGS: Final = 11


async def settle_attempt(
    session: AsyncSession, *, account_id: UUID, attempt_id: UUID, result: ChargeResult | None, now: datetime
) -> AttemptStatus:
    """Write down the processor's word; None: it gave none, and is asked again later. Doing it again changes nothing."""
    account, attempt, invoice = await _locked(session, account_id, attempt_id)
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


async def settle_silence(session: AsyncSession, *, account_id: UUID, attempt_id: UUID, now: datetime) -> AttemptStatus | None:
    """The processor says that it never got an attempt's request.

    If the creator was told that there was no answer, a first subscription ends here: they try again when they like. Else
    the same attempt is to be charged (again), under the same key.

    Returns:
        The attempt's end, or None: charge it.
    """
    account, attempt, invoice = await _locked(session, account_id, attempt_id)
    if attempt.status not in UNRESOLVED:
        return AttemptStatus(attempt.status)
    if attempt.status == AttemptStatus.PENDING or invoice.purpose != InvoicePurpose.FIRST_SUBSCRIPTION:
        return None
    attempt.status, attempt.settled_at, attempt.leased_until = AttemptStatus.UNANSWERED, now, None
    await session.flush()
    await _drop(session, account, invoice, now=now)
    return AttemptStatus.UNANSWERED


async def _locked(session: AsyncSession, account_id: UUID, attempt_id: UUID) -> tuple[Account, PaymentAttempt, Invoice]:
    account = await lock_account(session, account_id)
    attempt = await session.get_one(PaymentAttempt, (account_id, attempt_id), populate_existing=True)
    invoice = await session.get_one(Invoice, (account_id, attempt.invoice_id), populate_existing=True)
    return account, attempt, invoice


async def _on_success(
    session: AsyncSession, account: Account, invoice: Invoice, attempt: PaymentAttempt, *, now: datetime
) -> None:
    mark_charged(invoice, amount=attempt.amount, now=now)
    await session.flush()
    if invoice.purpose == InvoicePurpose.FIRST_SUBSCRIPTION:
        await begin_paid_plan(session, account, invoice, now=now)


async def _on_decline(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    if invoice.purpose == InvoicePurpose.FIRST_SUBSCRIPTION:
        await _drop(session, account, invoice, now=now)
    elif invoice.overdue_since is None:
        invoice.overdue_since = now


async def _drop(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    await void_invoice(session, account, invoice, now=now)
    await drop_pending(session, account_id=account.account_id)
