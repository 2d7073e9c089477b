"""An invoice was paid: the standing follows, and with it the subscription (`rules.md` D2, D4)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.keep_standing import keep_standing
from billing_api.accounts.models import Account
from billing_api.payments.request import hurry_payment
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.turn import turn_account


async def recover(session: AsyncSession, account: Account, *, now: datetime) -> None:
    """Bring the standing in line with what is still open. If that ends a lock under which the period lapsed, the new period
    begins in this very transaction and is charged right after: whoever paid sees it at once. The caller holds the account's lock.
    """
    await keep_standing(session, account, now=now)
    subscription = await session.get_one(Subscription, account.account_id, populate_existing=True)
    if subscription.restart_at is not None:
        await turn_account(session, account, now=now)
        await hurry_payment(session, account.account_id, now=now)
