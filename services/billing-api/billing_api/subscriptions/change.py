"""Change the plan (`rules.md` B3-B8)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.clients.codes import CodesClient
from shared.contracts.accounts import AccountUsage
from shared.db import Database
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.entitlements import bump_entitlements
from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.credit.models import CreditEntry, CreditReason
from billing_api.credit.post import post_credit
from billing_api.invoices.issue import LineDraft, issue_invoice
from billing_api.invoices.models import Invoice, InvoicePurpose, InvoiceStatus, LineKind
from billing_api.payments.processor import PaymentProcessor
from billing_api.payments.request import hurry_payment, request_payment
from billing_api.quota.cycle import open_cycle
from billing_api.subscriptions.errors import ChangeInProgressError
from billing_api.subscriptions.offer import ChangeOffer, check_limits, offer_change
from billing_api.subscriptions.preview import preview_change
from billing_api.subscriptions.proration import ChangeKind
from billing_api.subscriptions.start_period import read_subscription, start_period
from billing_api.subscriptions.subscribe import subscribe
from billing_api.usage.rates import note_rate


@dataclass(frozen=True)
class Changed:
    """What a change left behind: an invoice, a credit entry, or neither."""

    invoice_id: UUID | None
    credit_entry: CreditEntry | None


async def change_plan(
    session: AsyncSession,
    *,
    database: Database,
    processor: PaymentProcessor,
    codes: CodesClient,
    account_id: UUID,
    plan_code: str,
    invoice_id: UUID,
    now: datetime,
) -> Changed:
    """Change an account's plan: a first subscription is paid first, later changes take effect at once (B8).

    Args:
        session: the request's; not used before everything outside the database is done.
        database: opens the steps of a first subscription.
        processor: charges it.
        codes: counts what the account uses (B7).
        account_id: who.
        plan_code: the plan to change to.
        invoice_id: the business id of this request.
        now: domain time.

    Raises:
        See `subscribe` and `switch_plan`; DependencyUnavailableError: codes-api can't be asked.
    """
    async with database.transaction() as before:
        _, current = await read_subscription(before, account_id=account_id)
        known = await before.get(Invoice, (account_id, invoice_id))
    if current.is_free or known is not None:
        paid = await subscribe(database, processor, account_id=account_id, plan_code=plan_code, invoice_id=invoice_id, now=now)
        return Changed(paid, None)
    _, usage = await preview_change(database, codes, account_id=account_id, plan_code=plan_code, now=now)
    return await switch_plan(session, account_id=account_id, plan_code=plan_code, invoice_id=invoice_id, usage=usage, now=now)


async def switch_plan(
    session: AsyncSession, *, account_id: UUID, plan_code: str, invoice_id: UUID, usage: AccountUsage | None, now: datetime
) -> Changed:
    """Leave a paid plan for another one. Takes effect now; what is to be paid is charged right after (B3).

    `usage`: what codes-api counts, needed for a downgrade (B7).

    Raises:
        ChangeInProgressError: another change came between; ask again.
        AccountLockedError, PlanUnknownError, PlanUnchangedError, OpenInvoiceError: see `offer_change`.
        LimitsExceededError: a downgrade under present usage.
    """
    account = await lock_account(session, account_id)
    offer = await offer_change(session, account, plan_code=plan_code, now=now)
    if offer.kind is ChangeKind.SUBSCRIBE or (offer.kind is ChangeKind.DOWNGRADE and usage is None):
        raise ChangeInProgressError
    if usage is not None and offer.kind is ChangeKind.DOWNGRADE:
        check_limits(offer.new.limits, usage)
    sells = offer.settlement.new_period or offer.settlement.to_charge > 0
    invoice = await _issue(session, account, offer, invoice_id, now) if sells else None
    if offer.settlement.new_period:
        paid_by = invoice.id if invoice is not None and offer.new.price else None
        await start_period(session, offer.subscription, offer.new, anchor=now, at=now, invoice_id=paid_by)
    else:
        await _go_on(session, offer, invoice, now)
    await bump_entitlements(session, account, now=now)
    entry = None
    if offer.settlement.to_balance:
        entry = await post_credit(
            session,
            account,
            amount=offer.settlement.to_balance,
            reason=CreditReason.PLAN_CHANGE,
            invoice_id=invoice.id if invoice is not None else None,
            now=now,
        )
    if invoice is not None and invoice.status == InvoiceStatus.OPEN:
        await request_payment(session, account, invoice, now=now)
        await hurry_payment(session, account_id, now=now)
    return Changed(None if invoice is None else invoice.id, entry)


async def _issue(session: AsyncSession, account: Account, offer: ChangeOffer, invoice_id: UUID, now: datetime) -> Invoice | None:
    """The invoice of a new period, or of what a running one costs more from now on: less the unused time, never under 0.
    The free plan needs none."""
    if offer.new.is_free:
        return None
    period, settlement = offer.period, offer.settlement
    lines = [
        LineDraft(LineKind.PLAN, f"{offer.new.name} ({offer.new.code})", settlement.cost, max(period.start, now), period.end)
    ]
    taken_off = min(settlement.credit, settlement.cost)
    if taken_off:
        unused = f"Unused time of {offer.old.name} ({offer.old.code})"
        lines.append(LineDraft(LineKind.UNUSED_TIME, unused, -taken_off, now, offer.subscription.period_end))
    return await issue_invoice(
        session, account, invoice_id=invoice_id, purpose=InvoicePurpose.PLAN_CHANGE, lines=lines, plan=offer.new, now=now
    )


async def _go_on(session: AsyncSession, offer: ChangeOffer, invoice: Invoice | None, now: datetime) -> None:
    """Same interval down: the cycle stays, with the new plan's quota and price (B4). Like every change, it takes a
    cancellation back. A custom plan of a lower tier may cost more: then the period is paid when that is paid too (B5).
    """
    subscription = offer.subscription
    subscription.cancel_at_period_end = False
    subscription.plan_owner_id, subscription.plan_code = offer.new.account_id, offer.new.code
    subscription.period_price = offer.new.price
    if invoice is not None:
        subscription.period_invoice_id = invoice.id
    await session.flush()
    await open_cycle(
        session,
        account_id=subscription.account_id,
        start=subscription.period_start,
        end=subscription.period_end,
        included=offer.new.limit_codes,
    )
    await note_rate(session, account_id=subscription.account_id, plan=offer.new, since=now)
