"""Take a cancellation back before the period ends (`rules.md` B9)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.subscriptions.errors import NothingToCancelError, SubscriptionExpiredError
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.start_period import read_subscription
from billing_api.subscriptions.turn import turn_account


async def resume_subscription(session: AsyncSession, *, account_id: UUID, now: datetime) -> Subscription:
    """Go on after the period's end. A subscription that was not cancelled stays as it is.

    Raises:
        SubscriptionExpiredError: the period has ended; subscribe anew.
        NothingToCancelError: the account never left the free plan, or went back to it by itself.
    """
    account = await lock_account(session, account_id)
    await turn_account(session, account, now=now)
    subscription, plan = await read_subscription(session, account_id=account_id)
    if plan.is_free:
        if subscription.expired_at is not None:
            raise SubscriptionExpiredError
        raise NothingToCancelError("There is no subscription to resume.")
    subscription.cancel_at_period_end = False
    await session.flush()
    return subscription
