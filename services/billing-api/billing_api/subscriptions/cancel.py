"""End a subscription at its period's end (`rules.md` B9)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.subscriptions.errors import NothingToCancelError
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.start_period import read_subscription
from billing_api.subscriptions.turn import turn_account


async def cancel_subscription(session: AsyncSession, *, account_id: UUID, now: datetime) -> Subscription:
    """Cancel: the plan works until the period's end, then the account is on `free`. Doing it again changes nothing.

    Raises:
        NothingToCancelError: the account is on the free plan.
    """
    account = await lock_account(session, account_id)
    await turn_account(session, account, now=now)
    subscription, plan = await read_subscription(session, account_id=account_id)
    if plan.is_free:
        raise NothingToCancelError("The account is on the free plan.")
    subscription.cancel_at_period_end = True
    await session.flush()
    return subscription
