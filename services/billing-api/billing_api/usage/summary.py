"""What an account has used in its running cycle."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.plans.models import Plan
from billing_api.quota.cycle import read_cycle
from billing_api.quota.models import QuotaCycle
from billing_api.subscriptions.start_period import read_subscription
from billing_api.subscriptions.turn import turn_account
from billing_api.usage.pending import pending_fees


@dataclass(frozen=True)
class UsageSummary:
    """The running cycle, the plan whose limits hold, and the fees in cents that wait for an invoice."""

    plan: Plan
    cycle: QuotaCycle
    pending_fees: int


async def usage_summary(session: AsyncSession, *, account_id: UUID, now: datetime) -> UsageSummary:
    """Billing's part of `GET /v1/usage`, in the cycle of this very moment."""
    account = await lock_account(session, account_id)
    await turn_account(session, account, now=now)
    subscription, plan = await read_subscription(session, account_id=account_id)
    cycle = await read_cycle(session, account_id=account_id, start=subscription.period_start)
    return UsageSummary(plan, cycle, await pending_fees(session, account_id=account_id))
