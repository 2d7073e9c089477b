"""What generating codes would cost now (`rules.md` Q2, Q3)."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from babel.numbers import get_currency_precision
from shared.contracts.quota import QuotaQuote
from shared.money import Money, usd
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.plans.exchange_rates import usd_per_unit
from billing_api.plans.models import Plan
from billing_api.quota.cycle import read_cycle
from billing_api.quota.models import QuotaCycle
from billing_api.quota.overage import overage_fee, split
from billing_api.subscriptions.start_period import read_subscription
from billing_api.subscriptions.turn import turn_account


@dataclass(frozen=True)
class Offer:
    """A quote with what it was worked out from."""

    plan: Plan
    cycle: QuotaCycle
    quote: QuotaQuote


async def quote_quota(session: AsyncSession, *, account_id: UUID, quantity: int, unit_price: Money, now: datetime) -> QuotaQuote:
    """What this many codes would cost now; promises nothing.

    Raises:
        NotFoundError: there is no such account.
        ExchangeRateMissingError: a fee is due and the currency has no rate.
    """
    account = await lock_account(session, account_id)
    return (await make_offer(session, account, quantity=quantity, unit_price=unit_price, now=now)).quote


async def make_offer(session: AsyncSession, account: Account, *, quantity: int, unit_price: Money, now: datetime) -> Offer:
    """Split a batch at the quota's edge in the cycle of this moment and price the rest; the caller holds the lock."""
    await turn_account(session, account, now=now)
    subscription, plan = await read_subscription(session, account_id=account.account_id)
    cycle = await read_cycle(session, account_id=account.account_id, start=subscription.period_start)
    part = split(quantity, cycle.remaining)
    fee = 0
    if part.overage:
        fee = overage_fee(
            unit_price=unit_price.amount,
            digits=get_currency_precision(unit_price.currency),
            usd_per_unit=await usd_per_unit(session, unit_price),
            overage=part.overage,
            fee_rate=Fraction(plan.fee_rate),
        )
    return Offer(plan, cycle, QuotaQuote(included=part.included, overage=part.overage, fee=usd(fee)))
