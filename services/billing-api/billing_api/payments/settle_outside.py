"""An operator writes down that an invoice was paid outside, which recovers the account as any payment does."""

from datetime import datetime
from uuid import UUID

from shared.db import Database
from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.credit.models import CreditReason
from billing_api.credit.post import post_credit
from billing_api.invoices.errors import InvoiceNotOpenError
from billing_api.invoices.models import Invoice, InvoicePurpose, InvoiceSettlement, InvoiceStatus
from billing_api.invoices.settle import pay_from_balance
from billing_api.payments.attempt import resolve
from billing_api.payments.errors import PaymentInProgressError, PaymentUnansweredError
from billing_api.payments.models import UNRESOLVED
from billing_api.payments.processor import PaymentProcessor
from billing_api.payments.request import attempt_under_way
from billing_api.subscriptions.recover import recover


async def settle_outside(
    database: Database, processor: PaymentProcessor, *, account_id: UUID, invoice_id: UUID, reason: str, now: datetime
) -> None:
    """Settle an open invoice's rest. Said again, it changes nothing.

    An attempt under way is brought to its end first, so that nothing is charged beside it.

    Args:
        database: opens a transaction for each step.
        processor: is asked between transactions only.
        account_id: whose.
        invoice_id: which.
        reason: the operator's own words, kept with the invoice.
        now: domain time.

    Raises:
        NotFoundError: there is no such invoice.
        InvoiceNotOpenError: it is void, or was paid otherwise.
        PaymentInProgressError, PaymentUnansweredError: a charge is under way, and how it ends is not known yet.
    """
    async with database.transaction() as session:
        invoice = await session.get(Invoice, (account_id, invoice_id))
        if invoice is None:
            raise NotFoundError("There is no such invoice.")
        left_over = await attempt_under_way(session, invoice)
    if left_over is not None:
        status = await resolve(database, processor, account_id=account_id, attempt_id=left_over.id, now=now, give_up=True)
        if status is None:
            raise PaymentInProgressError
        if status in UNRESOLVED:
            raise PaymentUnansweredError
    async with database.transaction() as session:
        await write_settlement(session, account_id=account_id, invoice_id=invoice_id, reason=reason, now=now)


async def write_settlement(session: AsyncSession, *, account_id: UUID, invoice_id: UUID, reason: str, now: datetime) -> None:
    """The amount goes through the ledger: in as an operator's settlement, out as the invoice's payment (`rules.md` B11)."""
    account = await lock_account(session, account_id)
    invoice = await session.get_one(Invoice, (account_id, invoice_id), populate_existing=True)
    if await session.get(InvoiceSettlement, (account_id, invoice_id)) is not None:
        return
    if invoice.status != InvoiceStatus.OPEN or invoice.purpose == InvoicePurpose.FIRST_SUBSCRIPTION:
        raise InvoiceNotOpenError(f"Invoice {invoice.number} can't be settled: it is {invoice.status}.")
    if await attempt_under_way(session, invoice) is not None:
        raise PaymentInProgressError
    amount, into_ledger = invoice.amount_remaining, CreditReason.OPERATOR_SETTLEMENT
    await post_credit(session, account, amount=amount, reason=into_ledger, invoice_id=invoice_id, now=now)
    session.add(InvoiceSettlement(account_id=account_id, invoice_id=invoice_id, amount=amount, reason=reason, settled_at=now))
    await pay_from_balance(session, account, invoice, now=now)
    await recover(session, account, now=now)
