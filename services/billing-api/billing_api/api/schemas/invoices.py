"""Invoices and the credit ledger."""

from uuid import UUID

from pydantic import Field
from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

from billing_api.api.schemas.accounts import MOMENT
from billing_api.credit.models import CreditEntry, CreditReason
from billing_api.invoices.models import Invoice, InvoiceLine, InvoicePurpose, InvoiceStatus, LineKind
from billing_api.invoices.read import InvoiceView
from billing_api.payments.models import AttemptKind, AttemptStatus, PaymentAttempt

INVOICE_ID = "0199b6a0-61c2-7e33-b1d4-5f6a7b8c9d0e"


class InvoiceLineOut(WireModel):
    """One line. Unused time of a plan that was left is negative."""

    kind: LineKind = Field(examples=[LineKind.PLAN])
    description: str = Field(examples=["Starter (starter_monthly)"])
    amount: Money = Field(examples=[usd(3900)])
    period_start: UtcDatetime = Field(examples=[MOMENT])
    period_end: UtcDatetime = Field(examples=["2026-02-28T10:00:00Z"])


class PayInvoice(WireModel):
    """How to pay."""

    payment_method_id: UUID | None = Field(
        default=None,
        description="One of `GET /v1/payment-methods`; without it the default.",
        examples=["0199b6a0-5f01-7a11-8c22-1d2e3f4a5b6c"],
    )


class PaymentAttemptOut(WireModel):
    """One try to charge a payment method. `unknown`: the processor gave no answer yet, which is no decline."""

    id: UUID = Field(examples=["0199b6a0-61c2-7f44-a2e5-6a7b8c9d0e1f"])
    payment_method_id: UUID = Field(examples=["0199b6a0-5f01-7a11-8c22-1d2e3f4a5b6c"])
    kind: AttemptKind = Field(description="Only `retry` counts among the eight automatic ones.", examples=[AttemptKind.INITIAL])
    amount: Money = Field(examples=[usd(1400)])
    status: AttemptStatus = Field(examples=[AttemptStatus.SUCCEEDED])
    decline_code: str | None = Field(examples=[None])
    created_at: UtcDatetime = Field(examples=[MOMENT])


class InvoiceOut(WireModel):
    """An invoice. Its number, lines and total never change."""

    id: UUID = Field(examples=[INVOICE_ID])
    number: int = Field(description="Counts from 1 for each account, without gaps.", examples=[7])
    status: InvoiceStatus = Field(examples=[InvoiceStatus.PAID])
    purpose: InvoicePurpose = Field(examples=[InvoicePurpose.CYCLE])
    lines: list[InvoiceLineOut]
    total: Money = Field(description="The sum of the lines.", examples=[usd(3900)])
    credit_applied: Money = Field(description="What the credit balance paid.", examples=[usd(2500)])
    amount_due: Money = Field(
        description="What a payment method pays or has paid: the total less `credit_applied`.", examples=[usd(1400)]
    )
    amount_remaining: Money = Field(description="What is still open.", examples=[usd(0)])
    attempts: list[PaymentAttemptOut] = Field(description="Oldest first.")
    overdue_since: UtcDatetime | None = Field(
        description="When it was first declined. 30 days later, still open, it locks the account.", examples=[None]
    )
    next_attempt_at: UtcDatetime | None = Field(
        description="The next automatic retry: 1, 2, 4, 7, 11, 16, 22 and 29 days after the first decline.", examples=[None]
    )
    issued_at: UtcDatetime = Field(examples=[MOMENT])
    paid_at: UtcDatetime | None = Field(examples=[MOMENT])


class CreditEntryOut(WireModel):
    """One change of the credit balance."""

    id: UUID = Field(examples=["0199b6a0-61c2-7a55-93f6-7b8c9d0e1f2a"])
    amount: Money = Field(description="Negative: taken from the balance.", examples=[usd(2500)])
    balance_after: Money = Field(examples=[usd(2500)])
    reason: CreditReason = Field(examples=[CreditReason.PLAN_CHANGE])
    invoice_id: UUID | None = Field(examples=[INVOICE_ID])
    created_at: UtcDatetime = Field(examples=[MOMENT])


def show_invoice(view: InvoiceView) -> InvoiceOut:
    """An invoice with its lines and attempts."""
    invoice: Invoice = view.invoice
    return InvoiceOut(
        id=invoice.id,
        number=invoice.number,
        status=InvoiceStatus(invoice.status),
        purpose=InvoicePurpose(invoice.purpose),
        lines=[_line(line) for line in invoice.lines],
        total=usd(invoice.total),
        credit_applied=usd(invoice.credit_applied),
        amount_due=usd(invoice.amount_due),
        amount_remaining=usd(invoice.amount_remaining),
        attempts=[_attempt(attempt) for attempt in view.attempts],
        overdue_since=invoice.overdue_since,
        next_attempt_at=invoice.next_attempt_at,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
    )


def show_credit_entry(entry: CreditEntry) -> CreditEntryOut:
    """An entry of the ledger."""
    return CreditEntryOut(
        id=entry.id,
        amount=usd(entry.amount),
        balance_after=usd(entry.balance_after),
        reason=CreditReason(entry.reason),
        invoice_id=entry.invoice_id,
        created_at=entry.created_at,
    )


def _line(line: InvoiceLine) -> InvoiceLineOut:
    return InvoiceLineOut(
        kind=LineKind(line.kind),
        description=line.description,
        amount=usd(line.amount),
        period_start=line.period_start,
        period_end=line.period_end,
    )


def _attempt(attempt: PaymentAttempt) -> PaymentAttemptOut:
    return PaymentAttemptOut(
        id=attempt.id,
        payment_method_id=attempt.payment_method_id,
        kind=AttemptKind(attempt.kind),
        amount=usd(attempt.amount),
        status=AttemptStatus(attempt.status),
        decline_code=attempt.decline_code,
        created_at=attempt.created_at,
    )
