"""What becomes of an issued invoice."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.credit.models import CreditReason
from billing_api.credit.post import post_credit
from billing_api.invoices.models import Invoice, InvoiceStatus


def mark_charged(invoice: Invoice, *, amount: int, now: datetime) -> None:
    """A payment method paid the rest."""
    invoice.charged += amount
    invoice.status, invoice.paid_at, invoice.next_attempt_at = InvoiceStatus.PAID, now, None


async def pay_from_balance(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    """Credit that came after the invoice was issued pays before any card does (`rules.md` B10). Under the account's lock."""
    amount = min(account.credit_balance, invoice.amount_remaining)
    if amount == 0:
        return
    invoice.credit_applied += amount
    if invoice.amount_remaining == 0:
        invoice.status, invoice.paid_at, invoice.next_attempt_at = InvoiceStatus.PAID, now, None
    await post_credit(session, account, amount=-amount, reason=CreditReason.INVOICE_PAYMENT, invoice_id=invoice.id, now=now)


async def void_invoice(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    """The invoice came to nothing: what the balance paid of it goes back. The caller holds the account's lock."""
    invoice.status, invoice.voided_at, invoice.next_attempt_at = InvoiceStatus.VOID, now, None
    if invoice.credit_applied:
        credit, invoice.credit_applied = invoice.credit_applied, 0
        await post_credit(session, account, amount=credit, reason=CreditReason.INVOICE_VOIDED, invoice_id=invoice.id, now=now)
    await session.flush()
