"""An account's payment methods."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from shared.ids import new_id
from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.invoices.models import Invoice, InvoiceStatus
from billing_api.payments.errors import OnlyPaymentMethodError
from billing_api.payments.models import PaymentMethod
from billing_api.payments.processor import AttachedMethod
from billing_api.subscriptions.start_period import read_subscription
from billing_api.usage.pending import pending_fees


async def default_payment_method(session: AsyncSession, *, account_id: UUID) -> PaymentMethod | None:
    """The one that is charged; None if there is none at all: the first one added is the default."""
    query = select(PaymentMethod).where(PaymentMethod.account_id == account_id, PaymentMethod.is_default)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def list_payment_methods(
    session: AsyncSession, *, account_id: UUID, before: UUID | None, limit: int
) -> Sequence[PaymentMethod]:
    """An account's payment methods, newest first, those added before the one named."""
    kept = (PaymentMethod.account_id == account_id) & PaymentMethod.removed_at.is_(None)
    query = select(PaymentMethod).where(kept).order_by(PaymentMethod.id.desc()).limit(limit)
    if before is not None:
        query = query.where(PaymentMethod.id < before)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def add_payment_method(
    session: AsyncSession, *, account_id: UUID, attached: AttachedMethod, now: datetime, method_id: UUID | None = None
) -> PaymentMethod:
    """Keep what the processor attached; the first one is the default.

    `method_id`: the business id of the request, so that a retry after a crash adds no second one.
    """
    await lock_account(session, account_id)
    known = None if method_id is None else await session.get(PaymentMethod, (account_id, method_id), populate_existing=True)
    if known is not None:
        return known
    first = await default_payment_method(session, account_id=account_id) is None
    method = PaymentMethod(
        account_id=account_id,
        id=method_id or new_id(),
        processor_reference=attached.reference,
        brand=attached.brand,
        last_four=attached.last_four,
        is_default=first,
        created_at=now,
    )
    session.add(method)
    await session.flush()
    return method


async def make_default(session: AsyncSession, *, account_id: UUID, payment_method_id: UUID) -> PaymentMethod:
    """Charge this one from now on.

    Raises:
        NotFoundError: the account has no such payment method.
    """
    await lock_account(session, account_id)
    method = await own_payment_method(session, account_id=account_id, payment_method_id=payment_method_id)
    if not method.is_default:
        others = (PaymentMethod.account_id == account_id) & PaymentMethod.is_default
        await session.execute(update(PaymentMethod).where(others).values(is_default=False))
        method.is_default = True
        await session.flush()
    return method


async def remove_payment_method(session: AsyncSession, *, account_id: UUID, payment_method_id: UUID, now: datetime) -> None:
    """Forget a payment method; if it was the default, the newest of the others takes its place.

    Raises:
        NotFoundError: the account has no such payment method.
        OnlyPaymentMethodError: it is the only one, and a paid subscription is not cancelled or an amount is open (B12).
    """
    await lock_account(session, account_id)
    method = await own_payment_method(session, account_id=account_id, payment_method_id=payment_method_id)
    others = [
        other
        for other in await list_payment_methods(session, account_id=account_id, before=None, limit=100)
        if other is not method
    ]
    if not others and await _is_needed(session, account_id):
        raise OnlyPaymentMethodError("It pays for a running subscription or an open amount. Add another one first, or cancel.")
    was_default, method.is_default, method.removed_at = method.is_default, False, now
    await session.flush()
    if was_default and others:
        others[0].is_default = True
        await session.flush()


async def own_payment_method(session: AsyncSession, *, account_id: UUID, payment_method_id: UUID) -> PaymentMethod:
    """One of the account's payment methods.

    Raises:
        NotFoundError: the account has no such payment method.
    """
    method = await session.get(PaymentMethod, (account_id, payment_method_id), populate_existing=True)
    if method is None or method.removed_at is not None:
        raise NotFoundError("There is no such payment method.")
    return method


async def _is_needed(session: AsyncSession, account_id: UUID) -> bool:
    subscription, plan = await read_subscription(session, account_id=account_id)
    if plan.price > 0 and not subscription.cancel_at_period_end:
        return True
    is_open = (Invoice.account_id == account_id) & (Invoice.status == InvoiceStatus.OPEN)
    if await session.scalar(select(exists().where(is_open))):
        return True
    return await pending_fees(session, account_id=account_id) > 0
