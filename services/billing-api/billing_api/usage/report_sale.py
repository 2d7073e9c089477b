"""A sale was made: the transaction fee for it becomes a usage item (`rules.md` B6, B13)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from babel.numbers import get_currency_precision
from shared.contracts.accounts import Standing
from shared.errors import FieldError, NotFoundError
from shared.ids import new_id
from shared.money import MAX_MINOR_UNITS, Money
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.plans.exchange_rates import usd_per_unit
from billing_api.subscriptions.turn import turn_account
from billing_api.usage.errors import SaleMismatchError
from billing_api.usage.models import STRIPE_CONNECT, Sale, UsageItem
from billing_api.usage.rates import rate_at
from billing_api.usage.transaction_fee import transaction_fee

SKEW: Final = timedelta(minutes=5)
"""How far the reporter's clock may be ahead of ours."""


@dataclass(frozen=True)
class ReportedSale:
    """What is said of a sale. `external_id` is the reporter's own name of it; `via` what it was paid through."""

    external_id: str
    amount: Money
    occurred_at: datetime
    via: str


async def report_sale(session: AsyncSession, *, account_id: UUID, said: ReportedSale, now: datetime) -> Sale:
    """Write a sale down, once for each external id, and its fee, at the plan's rate of the sale's own moment.

    The fee is invoiced at the next turn of the cycle, also if the sale was in a past one. Sales through Stripe Connect have
    their fee withheld there and make no usage item (B13); neither does a sale whose fee rounds to nothing.

    Args:
        session: the caller's transaction.
        account_id: whose sale.
        said: what is reported.
        now: domain time.

    Raises:
        NotFoundError: there is no such account (any more).
        SaleMismatchError: the external id was reported with other content.
        FieldError: `occurred_at` is not in the account's life so far, or `amount` is beyond all bounds.
        ExchangeRateMissingError: a fee is due and the currency has no rate.
    """
    account = await lock_account(session, account_id)
    query = select(Sale).where(Sale.account_id == account_id, Sale.external_id == said.external_id)
    known = (await session.scalars(query)).one_or_none()
    if known is not None:
        return _same(known, said)
    if account.standing == Standing.DELETED:
        raise NotFoundError("There is no such account.")
    _check_moment(account, said.occurred_at, now)
    await turn_account(session, account, now=now)
    sale = await _write(session, account_id, said, now)
    if sale.fee:
        await _owe(session, sale)
    return sale


def _same(known: Sale, said: ReportedSale) -> Sale:
    if (known.amount, known.currency, known.occurred_at, known.via) != (
        said.amount.amount,
        said.amount.currency,
        said.occurred_at,
        said.via,
    ):
        raise SaleMismatchError(f"The sale {said.external_id!r} was reported before with another amount, moment or way.")
    return known


def _check_moment(account: Account, occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + SKEW:
        raise FieldError("occurred_at", "The sale must not lie in the future.")
    if occurred_at < account.created_at:
        raise FieldError("occurred_at", "The sale must not lie before the account's opening.")


async def _write(session: AsyncSession, account_id: UUID, said: ReportedSale, now: datetime) -> Sale:
    # The reporter's clock may be ahead of ours: nobody knows yet which rate will hold then.
    rate = await rate_at(session, account_id=account_id, at=min(said.occurred_at, now))
    worth, fee = None, 0
    if said.via != STRIPE_CONNECT:
        worth = await usd_per_unit(session, said.amount)
        digits = get_currency_precision(said.amount.currency)
        fee = transaction_fee(amount=said.amount.amount, digits=digits, usd_per_unit=worth, fee_rate=Fraction(rate.fee_rate))
        if fee > MAX_MINOR_UNITS:
            raise FieldError("amount", "The amount is too large.")
    sale = Sale(
        account_id=account_id,
        id=new_id(),
        external_id=said.external_id,
        amount=said.amount.amount,
        currency=said.amount.currency,
        via=said.via,
        occurred_at=said.occurred_at,
        fee_rate=rate.fee_rate,
        # A rate is a decimal of the table's own digits, so that this division is exact.
        usd_per_unit=None if worth is None else Decimal(worth.numerator) / Decimal(worth.denominator),
        fee=fee,
        reported_at=now,
    )
    session.add(sale)
    await session.flush()
    return sale


async def _owe(session: AsyncSession, sale: Sale) -> None:
    session.add(
        UsageItem(
            account_id=sale.account_id,
            id=new_id(),
            sale_id=sale.id,
            fee_rate=sale.fee_rate,
            amount=sale.fee,
            occurred_at=sale.occurred_at,
        )
    )
    await session.flush()
