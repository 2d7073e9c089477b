"""Another payment method becomes the default: it is tried at once on what is open (`rules.md` B12)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db import Database
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.invoices.models import Invoice, InvoicePurpose, InvoiceStatus
from billing_api.invoices.settle import pay_from_balance
from billing_api.payments.attempt import collect
from billing_api.payments.methods import default_payment_method
from billing_api.payments.models import AttemptKind, PaymentAttempt
from billing_api.payments.processor import PaymentProcessor
from billing_api.payments.request import attempt_under_way, begin_attempt
from billing_api.subscriptions.recover import recover

AT_ONCE: Final = 5
"""Invoices that the request itself waits for; more than a creator ever has open. The rest is due work."""


async def with_new_default(
    database: Database,
    processor: PaymentProcessor,
    *,
    account_id: UUID,
    change: Callable[[AsyncSession], Awaitable[object]],
    now: datetime,
) -> None:
    """Change the payment methods, and if another one is the default then, charge open invoices to it.

    Whether it pays is written on the invoices; a decline or an outage refuses no change of the default.

    Args:
        database: opens a transaction for each step.
        processor: is asked between transactions only.
        account_id: whose.
        change: works in the first transaction.
        now: domain time.
    """
    async with database.transaction() as session:
        await lock_account(session, account_id)
        before = await default_payment_method(session, account_id=account_id)
        before_id = None if before is None else before.id
        await change(session)
        after = await default_payment_method(session, account_id=account_id)
        changed = after is not None and after.id != before_id
        begun = await try_open_invoices(session, account_id=account_id, now=now) if changed else []
    for attempt_id in begun:
        await collect(database, processor, account_id=account_id, attempt_id=attempt_id, now=now)


async def try_open_invoices(session: AsyncSession, *, account_id: UUID, now: datetime) -> Sequence[UUID]:
    """Write an attempt down for each open invoice, oldest first; this uses up no automatic retry.

    Where an answer is awaited from the card before, that is asked for first: due work does so now, and charges the new
    default if the processor never got the old request.

    Returns:
        The attempts that the caller is to collect.
    """
    account = await lock_account(session, account_id)
    method = await default_payment_method(session, account_id=account_id)
    begun: list[PaymentAttempt] = []
    for invoice in await _open_invoices(session, account_id):
        under_way = await attempt_under_way(session, invoice)
        if under_way is not None:
            under_way.resolve_at = min(under_way.resolve_at, now)
            continue
        await pay_from_balance(session, account, invoice, now=now)
        if method is not None and invoice.status == InvoiceStatus.OPEN:
            here = len(begun) < AT_ONCE
            attempt = await begin_attempt(session, invoice, method, kind=AttemptKind.NEW_CARD, now=now, leased=here)
            begun += [attempt] if here else []
    await session.flush()
    await recover(session, account, now=now)
    return [attempt.id for attempt in begun]


async def _open_invoices(session: AsyncSession, account_id: UUID) -> Sequence[Invoice]:
    query = select(Invoice).where(
        Invoice.account_id == account_id,
        Invoice.status == InvoiceStatus.OPEN,
        Invoice.purpose != InvoicePurpose.FIRST_SUBSCRIPTION,
    )
    return (await session.scalars(query.order_by(Invoice.number).execution_options(populate_existing=True))).all()
