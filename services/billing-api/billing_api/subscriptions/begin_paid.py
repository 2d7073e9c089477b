"""The payment of a first subscription came to an end (`rules.md` B8)."""

from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.entitlements import bump_entitlements
from billing_api.accounts.models import Account
from billing_api.invoices.models import Invoice
from billing_api.plans.models import Plan
from billing_api.subscriptions.start_period import read_subscription, start_period


async def begin_paid_plan(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    """It succeeded: the plan begins, with the period that the invoice names and a quota cycle with nothing used.

    Its fee rate holds from now on: what was sold while the processor's answer was awaited was sold on the free plan. The
    caller holds the account's lock.
    """
    subscription, _ = await read_subscription(session, account_id=account.account_id)
    plan = await session.get(Plan, (invoice.plan_owner_id, invoice.plan_code))
    if plan is None:
        raise NotFoundError("The invoice names no plan.")
    subscription.pending_invoice_id = None
    subscription.expired_at = None
    began = invoice.issued_at
    await start_period(session, subscription, plan, anchor=began, at=began, invoice_id=invoice.id, rate_since=now)
    await bump_entitlements(session, account, now=now)


async def drop_pending(session: AsyncSession, *, account_id: UUID) -> None:
    """It failed: nothing has changed, and another first subscription may be tried."""
    subscription, _ = await read_subscription(session, account_id=account_id)
    subscription.pending_invoice_id = None
    await session.flush()
