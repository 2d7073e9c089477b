"""Issue an invoice: the next number, its lines, and what the balance pays of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.credit.models import CreditReason
from billing_api.credit.post import post_credit
from billing_api.invoices.models import Invoice, InvoiceLine, InvoicePurpose, InvoiceStatus, LineKind
from billing_api.plans.models import Plan


@dataclass(frozen=True)
class LineDraft:
    """A line to be. `amount` in cents."""

    kind: LineKind
    description: str
    amount: int
    period_start: datetime
    period_end: datetime
    usage_item_id: UUID | None = None


async def issue_invoice(
    session: AsyncSession,
    account: Account,
    *,
    invoice_id: UUID,
    purpose: InvoicePurpose,
    lines: Sequence[LineDraft],
    plan: Plan | None,
    now: datetime,
) -> Invoice:
    """An invoice with the account's next number; the caller holds the account's lock, so numbers have no gaps.

    The balance pays first; an invoice of which nothing remains is paid (`rules.md` B10).
    """
    total = sum(line.amount for line in lines)
    credit = min(account.credit_balance, total)
    account.invoices_issued += 1
    invoice = Invoice(
        account_id=account.account_id,
        id=invoice_id,
        number=account.invoices_issued,
        status=InvoiceStatus.PAID if credit == total else InvoiceStatus.OPEN,
        purpose=purpose,
        plan_owner_id=None if plan is None else plan.account_id,
        plan_code=None if plan is None else plan.code,
        total=total,
        credit_applied=credit,
        issued_at=now,
        paid_at=now if credit == total else None,
    )
    session.add(invoice)
    await session.flush()
    for position, line in enumerate(lines, start=1):
        session.add(
            InvoiceLine(
                account_id=account.account_id,
                invoice_id=invoice_id,
                position=position,
                kind=line.kind,
                description=line.description,
                amount=line.amount,
                period_start=line.period_start,
                period_end=line.period_end,
                usage_item_id=line.usage_item_id,
            )
        )
    await session.flush()
    if credit:
        await post_credit(session, account, amount=-credit, reason=CreditReason.INVOICE_PAYMENT, invoice_id=invoice_id, now=now)
    return invoice
