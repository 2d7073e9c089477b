"""What would a plan change come to?"""

from datetime import datetime
from uuid import UUID

from shared.clients.codes import CodesClient
from shared.contracts.accounts import AccountUsage
from shared.db import Database

from billing_api.accounts.lock import lock_account
from billing_api.subscriptions.offer import ChangeOffer, check_limits, offer_change
from billing_api.subscriptions.proration import ChangeKind


async def preview_change(
    database: Database, codes: CodesClient, *, account_id: UUID, plan_code: str, now: datetime
) -> tuple[ChangeOffer, AccountUsage | None]:
    """The terms of a change at this moment, refused as the change itself would be. Changes nothing.

    Returns:
        The terms, and for a downgrade what codes-api counts against the new limits: it is asked for nothing else.

    Raises:
        AccountLockedError, PlanUnknownError, PlanUnchangedError, OpenInvoiceError, LimitsExceededError: see `offer_change`.
        DependencyUnavailableError: codes-api can't be asked.
    """
    async with database.transaction() as session:
        account = await lock_account(session, account_id)
        offer = await offer_change(session, account, plan_code=plan_code, now=now)
    if offer.kind is not ChangeKind.DOWNGRADE:
        return offer, None
    usage = await codes.account_usage(account_id)
    check_limits(offer.new.limits, usage)
    return offer, usage
