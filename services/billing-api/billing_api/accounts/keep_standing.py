"""Bring an account's standing in line with its open invoices: writes down each step, and says so (`rules.md` D2-D5)."""

from datetime import datetime
from uuid import UUID

from shared.calendar import rfc3339
from shared.contracts.accounts import Standing
from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.entitlements import bump_entitlements
from billing_api.accounts.erase import erase_account
from billing_api.accounts.models import Account, StandingChange
from billing_api.accounts.standing import Books, Step, next_step_at, steps_due
from billing_api.base import outbox
from billing_api.invoices.models import Invoice, InvoicePurpose, InvoiceStatus
from billing_api.subscriptions.models import Subscription


async def keep_standing(session: AsyncSession, account: Account, *, now: datetime, deletes: bool = False) -> int:
    """Take every step that is due by now, each with its event; the caller holds the account's lock.

    To be called whenever an invoice became overdue or was settled, and by due work at `next_standing_at`. Doing it again
    changes nothing.

    Returns:
        How many steps were taken.
    """
    books = await _read_books(session, account.account_id)
    steps = steps_due(Standing(account.standing), books, now=now, deletes=deletes)
    for step in steps:
        await _take(session, account, step, now=now)
    account.next_standing_at = next_step_at(Standing(account.standing), books)
    await session.flush()
    return len(steps)


async def _read_books(session: AsyncSession, account_id: UUID) -> Books:
    # An invoice of a first subscription is open only while it is being paid, and void if that fails: nothing is owed.
    is_owed = (
        (Invoice.account_id == account_id)
        & (Invoice.status == InvoiceStatus.OPEN)
        & (Invoice.purpose != InvoicePurpose.FIRST_SUBSCRIPTION)
    )
    oldest, number = (await session.execute(select(func.min(Invoice.overdue_since), func.count()).where(is_owed))).one()
    return Books(oldest, number > 0)


async def _take(session: AsyncSession, account: Account, step: Step, *, now: datetime) -> None:
    before = Standing(account.standing)
    account.standing, account.standing_since = step.to, step.at
    account.standing_changes += 1
    payload = {"from": before.value, "to": step.to.value, "since": rfc3339(step.at)}
    event_type = EventType.ACCOUNT_STANDING_CHANGED
    event_id = await stage(session, outbox, event_type, account_id=account.account_id, payload=payload, now=now)
    session.add(
        StandingChange(
            account_id=account.account_id,
            number=account.standing_changes,
            before=before,
            after=step.to,
            since=step.at,
            event_id=event_id,
        )
    )
    await _pause_or_go_on(session, account, restricted=step.to.restricted, now=now)
    if step.to is Standing.DELETED:
        await erase_account(session, account, now=now)
    await bump_entitlements(session, account, now=now)


async def _pause_or_go_on(session: AsyncSession, account: Account, *, restricted: bool, now: datetime) -> None:
    """While restricted no period turns (D4). One that lapsed meanwhile starts anew at the moment of recovery, which the
    next turn reads from `restart_at`."""
    subscription = await session.get_one(Subscription, account.account_id, populate_existing=True)
    if subscription.paused and not restricted and subscription.period_end <= now:
        subscription.restart_at = now
    subscription.paused = restricted
    if restricted:
        subscription.restart_at = None
    await session.flush()
