"""A creator pays an open invoice now (`rules.md` D1: this uses up no automatic retry)."""

from datetime import datetime
from uuid import UUID

from shared.db import Database
from shared.errors import NotFoundError
from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.invoices.errors import InvoiceNotOpenError
from billing_api.invoices.models import Invoice, InvoiceStatus
from billing_api.invoices.settle import pay_from_balance
from billing_api.payments.attempt import collect, resolve
from billing_api.payments.errors import (
    PaymentFailedError,
    PaymentInProgressError,
    PaymentMethodRequiredError,
    PaymentUnansweredError,
)
from billing_api.payments.methods import default_payment_method, own_payment_method
from billing_api.payments.models import UNRESOLVED, AttemptKind, AttemptStatus, PaymentAttempt, PaymentMethod
from billing_api.payments.processor import PaymentProcessor
from billing_api.payments.request import attempt_under_way, begin_attempt
from billing_api.subscriptions.recover import recover


async def pay_invoice(
    database: Database,
    processor: PaymentProcessor,
    *,
    account_id: UUID,
    invoice_id: UUID,
    payment_method_id: UUID | None,
    attempt_id: UUID,
    now: datetime,
) -> None:
    """Pay in steps that each commit, so that a crash between any two charges once. Returns when the invoice is paid.

    Args:
        database: opens a transaction for each step.
        processor: is asked between transactions only.
        account_id: who.
        invoice_id: what.
        payment_method_id: by which card; None: the default one.
        attempt_id: the business id of this request; a retry brings the same one and goes on with the same attempt.
        now: domain time.

    Raises:
        NotFoundError: the account has no such invoice, or no such payment method.
        InvoiceNotOpenError: it is paid or void.
        PaymentMethodRequiredError: no card was named and there is none.
        PaymentInProgressError: it is being charged at this moment.
        PaymentFailedError: declined.
        PaymentUnansweredError: the processor gave no answer.
    """
    if await _settle_left_over(database, processor, account_id, invoice_id, attempt_id, now):
        return
    async with database.transaction() as session:
        begun = await begin_manual_attempt(
            session,
            account_id=account_id,
            invoice_id=invoice_id,
            payment_method_id=payment_method_id,
            attempt_id=attempt_id,
            now=now,
        )
    if begun is not None:
        _check(await collect(database, processor, account_id=account_id, attempt_id=begun, now=now))


async def begin_manual_attempt(
    session: AsyncSession, *, account_id: UUID, invoice_id: UUID, payment_method_id: UUID | None, attempt_id: UUID, now: datetime
) -> UUID | None:
    """Write the attempt down under the account's lock; None: the balance paid the invoice."""
    account = await lock_account(session, account_id)
    invoice = await session.get(Invoice, (account_id, invoice_id), populate_existing=True)
    if invoice is None:
        raise NotFoundError("There is no such invoice.")
    if invoice.status != InvoiceStatus.OPEN:
        raise InvoiceNotOpenError(f"Invoice {invoice.number} is {invoice.status}.")
    if await attempt_under_way(session, invoice) is not None:
        raise PaymentInProgressError
    method = await _method(session, account_id, payment_method_id)
    await pay_from_balance(session, account, invoice, now=now)
    if invoice.status == InvoiceStatus.PAID:
        await recover(session, account, now=now)
        return None
    if method is None:
        raise PaymentMethodRequiredError("Add a payment method first: POST /v1/payment-methods.")
    known = await session.get(PaymentAttempt, (account_id, attempt_id))
    attempt = await begin_attempt(
        session,
        invoice,
        method,
        kind=AttemptKind.MANUAL,
        attempt_id=new_id() if known is not None else attempt_id,
        now=now,
        leased=True,
    )
    return attempt.id


async def _method(session: AsyncSession, account_id: UUID, payment_method_id: UUID | None) -> PaymentMethod | None:
    if payment_method_id is None:
        return await default_payment_method(session, account_id=account_id)
    return await own_payment_method(session, account_id=account_id, payment_method_id=payment_method_id)


async def _settle_left_over(
    database: Database, processor: PaymentProcessor, account_id: UUID, invoice_id: UUID, attempt_id: UUID, now: datetime
) -> bool:
    """Bring an earlier attempt to its end first, so that it is never charged beside a new one; whether the invoice is paid."""
    async with database.transaction() as session:
        invoice = await session.get(Invoice, (account_id, invoice_id))
        if invoice is None:
            raise NotFoundError("There is no such invoice.")
        own = await session.get(PaymentAttempt, (account_id, attempt_id))
        left_over = await attempt_under_way(session, invoice)
    if left_over is None:
        # A retry of this request after its answer was lost.
        if own is not None and own.status in (AttemptStatus.SUCCEEDED, AttemptStatus.DECLINED):
            _check(AttemptStatus(own.status))
            return True
        return False
    mine = left_over.id == attempt_id
    status = await resolve(database, processor, account_id=account_id, attempt_id=left_over.id, now=now, give_up=not mine)
    if status is None:
        raise PaymentInProgressError
    if status in UNRESOLVED or mine:
        _check(status)
    return status is AttemptStatus.SUCCEEDED


def _check(status: AttemptStatus) -> None:
    if status is AttemptStatus.DECLINED:
        raise PaymentFailedError("The card was declined. The invoice stays open.")
    if status is not AttemptStatus.SUCCEEDED:
        raise PaymentUnansweredError
