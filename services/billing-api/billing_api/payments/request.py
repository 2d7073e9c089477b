"""Write down that an invoice's rest is to be charged, before anybody asks the processor (architecture rule 6)."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.contracts.events import EventType
from shared.ids import new_id
from shared.outbox import stage
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.base import outbox
from billing_api.dunning.overdue import mark_overdue
from billing_api.invoices.models import Invoice
from billing_api.payments.methods import default_payment_method
from billing_api.payments.models import UNRESOLVED, AttemptKind, AttemptStatus, PaymentAttempt, PaymentMethod

LEASE: Final = timedelta(seconds=60)
"""Real time in which one process asks the processor alone; longer than the processor is waited for."""


async def begin_attempt(
    session: AsyncSession,
    invoice: Invoice,
    method: PaymentMethod,
    *,
    now: datetime,
    leased: bool,
    kind: AttemptKind = AttemptKind.INITIAL,
    attempt_id: UUID | None = None,
) -> PaymentAttempt:
    """Write down that the invoice's rest is about to be charged to `method`.

    Args:
        session: the caller's transaction, to be committed before the processor is asked.
        invoice: open.
        method: is charged.
        now: domain time.
        leased: the caller itself goes on with `payments.attempt.collect`; else due work does.
        kind: who wants it.
        attempt_id: the business id of the request that wants it; None: a new one.
    """
    lease: Any = func.clock_timestamp() + LEASE if leased else None
    attempt = PaymentAttempt(
        account_id=invoice.account_id,
        id=attempt_id or new_id(),
        invoice_id=invoice.id,
        payment_method_id=method.id,
        kind=kind,
        amount=invoice.amount_due - invoice.charged,
        status=AttemptStatus.PENDING,
        created_at=now,
        leased_until=lease,
        resolve_at=now,
    )
    session.add(attempt)
    await session.flush()
    return attempt


async def attempt_under_way(session: AsyncSession, invoice: Invoice) -> PaymentAttempt | None:
    """The invoice's unresolved attempt: while there is one, nothing else may be charged."""
    query = select(PaymentAttempt).where(
        PaymentAttempt.account_id == invoice.account_id,
        PaymentAttempt.invoice_id == invoice.id,
        PaymentAttempt.status.in_(UNRESOLVED),
    )
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def request_payment(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    """Let due work charge the default payment method at once; without one the invoice is overdue from now (`rules.md` D1)."""
    method = await default_payment_method(session, account_id=invoice.account_id)
    if method is None:
        await mark_overdue(session, account, invoice, now=now)
    else:
        await begin_attempt(session, invoice, method, now=now, leased=False)


async def hurry_payment(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """Have jobs see to due work at once, because somebody at the API waits for the charge (`rules.md` B3: at once)."""
    await stage(session, outbox, EventType.PAYMENT_REQUESTED, account_id=account_id, payload={}, now=now)
