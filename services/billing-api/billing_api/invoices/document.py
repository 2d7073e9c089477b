"""What an invoice says on paper: its rows, the seller, the buyer. Reads only; `pdf.py` draws it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.invoices.models import InvoiceStatus
from billing_api.invoices.read import read_invoice
from billing_api.payments.models import AttemptStatus, PaymentMethod

CURRENCY = "USD"
"""The platform's plans and fees are in US dollars (`rules.md` B1, Q2)."""


@dataclass(frozen=True)
class Party:
    """A seller or a buyer: a name and the lines under it."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class DocumentLine:
    """A line, in cents, for the period `[start, end)`."""

    description: str
    start: datetime
    end: datetime
    amount: int


@dataclass(frozen=True)
class InvoiceDocument:
    """An invoice to draw. Amounts in cents of `CURRENCY`.

    `paid_by`: the card that paid, as its owner knows it; None where the balance paid all or nothing is paid.
    """

    id: UUID
    number: int
    status: InvoiceStatus
    issued_at: datetime
    paid_at: datetime | None
    voided_at: datetime | None
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    total: int
    credit_applied: int
    amount_due: int
    amount_remaining: int
    paid_by: str | None


async def read_document(session: AsyncSession, *, account_id: UUID, invoice_id: UUID, seller: Party) -> InvoiceDocument:
    """An invoice as it stands.

    Raises:
        NotFoundError: the account has no such invoice.
    """
    view = await read_invoice(session, account_id=account_id, invoice_id=invoice_id)
    account = await session.get_one(Account, account_id)
    invoice = view.invoice
    paid_by = None
    for attempt in view.attempts:
        if attempt.status == AttemptStatus.SUCCEEDED:
            card = await session.get_one(PaymentMethod, (account_id, attempt.payment_method_id))
            paid_by = f"{card.brand.title()} ending in {card.last_four}"
    return InvoiceDocument(
        id=invoice.id,
        number=invoice.number,
        status=InvoiceStatus(invoice.status),
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        voided_at=invoice.voided_at,
        seller=seller,
        buyer=Party(account.name, (account.email, f"Account {account_id}")),
        lines=tuple(DocumentLine(line.description, line.period_start, line.period_end, line.amount) for line in invoice.lines),
        total=invoice.total,
        credit_applied=invoice.credit_applied,
        amount_due=invoice.amount_due,
        amount_remaining=invoice.amount_remaining,
        paid_by=paid_by,
    )
