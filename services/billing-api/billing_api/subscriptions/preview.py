"""What would a plan change come to?"""

from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import AccountUsage
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.subscriptions.offer import ChangeOffer, offer_change


async def preview_change(
    session: AsyncSession, *, account_id: UUID, plan_code: str, usage: AccountUsage, now: datetime
) -> ChangeOffer:
    """The terms of a change at this moment, refused as the change itself would be. Changes nothing.

    Raises:
        PlanUnknownError, PlanUnchangedError, OpenInvoiceError, LimitsExceededError: see `offer_change`.
    """
    account = await lock_account(session, account_id)
    return await offer_change(session, account, plan_code=plan_code, usage=usage, now=now)
