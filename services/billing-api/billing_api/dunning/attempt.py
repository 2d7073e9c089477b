"""Charge an open invoice again because its day has come (`rules.md` D1)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.dunning.overdue import mark_overdue
from billing_api.dunning.schedule import next_retry_at
from billing_api.invoices.models import Invoice, InvoiceStatus
from billing_api.invoices.settle import pay_from_balance
from billing_api.payments.methods import default_payment_method
from billing_api.payments.models import AttemptKind
from billing_api.payments.request import attempt_under_way, begin_attempt
from billing_api.subscriptions.recover import recover


async def begin_planned_attempt(session: AsyncSession, *, account_id: UUID, invoice_id: UUID, now: datetime) -> bool:
    """Write down the attempt that the invoice plans for now; due work then charges it like any other.

    The plan goes on to the next day in the same transaction, so that a second worker finds nothing to do. While an answer is
    awaited nothing is charged and no retry is used; nor without a payment method. The balance pays first (B10).

    Returns:
        Whether there was something planned.
    """
    account = await lock_account(session, account_id)
    invoice = await session.get(Invoice, (account_id, invoice_id), populate_existing=True)
    if invoice is None or invoice.status != InvoiceStatus.OPEN:
        return False
    if invoice.next_attempt_at is None or invoice.next_attempt_at > now:
        return False
    first = invoice.overdue_since is None
    invoice.next_attempt_at = None if invoice.overdue_since is None else next_retry_at(invoice.overdue_since, now)
    await session.flush()
    if await attempt_under_way(session, invoice) is not None:
        return True
    await pay_from_balance(session, account, invoice, now=now)
    if invoice.status == InvoiceStatus.PAID:
        await recover(session, account, now=now)
        return True
    method = await default_payment_method(session, account_id=account_id)
    if method is not None:
        kind = AttemptKind.INITIAL if first else AttemptKind.RETRY
        await begin_attempt(session, invoice, method, kind=kind, now=now, leased=False)
    elif first:
        await mark_overdue(session, account, invoice, now=now)
    return True
