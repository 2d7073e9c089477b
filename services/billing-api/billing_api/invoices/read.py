"""Read invoices with their lines and attempts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from billing_api.invoices.models import Invoice
from billing_api.payments.models import PaymentAttempt


@dataclass(frozen=True)
class InvoiceView:
    """An invoice (its lines are loaded) and the attempts to charge it, oldest first."""

    invoice: Invoice
    attempts: Sequence[PaymentAttempt]


async def list_invoices(session: AsyncSession, *, account_id: UUID, before: int | None, limit: int) -> Sequence[InvoiceView]:
    """An account's invoices, newest first, those before the number named."""
    query = select(Invoice).where(Invoice.account_id == account_id).order_by(Invoice.number.desc()).limit(limit)
    if before is not None:
        query = query.where(Invoice.number < before)
    invoices = (await session.scalars(query.options(selectinload(Invoice.lines)).execution_options(populate_existing=True))).all()
    tries = select(PaymentAttempt).where(
        PaymentAttempt.account_id == account_id, PaymentAttempt.invoice_id.in_([invoice.id for invoice in invoices])
    )
    by_invoice: defaultdict[UUID, list[PaymentAttempt]] = defaultdict(list)
    for attempt in await session.scalars(tries.order_by(PaymentAttempt.id)):
        by_invoice[attempt.invoice_id].append(attempt)
    return [InvoiceView(invoice, by_invoice[invoice.id]) for invoice in invoices]


async def read_invoice(session: AsyncSession, *, account_id: UUID, invoice_id: UUID) -> InvoiceView:
    """One invoice.

    Raises:
        NotFoundError: the account has no such invoice.
    """
    query = select(Invoice).where(Invoice.account_id == account_id, Invoice.id == invoice_id)
    query = query.options(selectinload(Invoice.lines)).execution_options(populate_existing=True)
    invoice = (await session.scalars(query)).one_or_none()
    if invoice is None:
        raise NotFoundError("There is no such invoice.")
    tries = select(PaymentAttempt).where(PaymentAttempt.account_id == account_id, PaymentAttempt.invoice_id == invoice_id)
    return InvoiceView(invoice, (await session.scalars(tries.order_by(PaymentAttempt.id))).all())
