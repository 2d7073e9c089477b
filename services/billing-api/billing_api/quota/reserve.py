"""Set quota aside for a batch before its codes are made (`rules.md` Q1-Q3, Q5)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.quota import QuotaQuote, ReservationState
from shared.money import Money
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.errors import AccountLockedError
from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import Account
from billing_api.payments.errors import PaymentMethodRequiredError
from billing_api.payments.methods import default_payment_method
from billing_api.quota.errors import BatchMismatchError, FeeNotAcceptedError
from billing_api.quota.models import QuotaReservation
from billing_api.quota.quote import make_offer
from billing_api.usage.pending import pending_fees

LAPSES_AFTER: Final = timedelta(minutes=15)
"""Domain time in which the batch must be generated; generating takes well under a second."""


async def reserve_quota(
    session: AsyncSession,
    *,
    account_id: UUID,
    batch_id: UUID,
    quantity: int,
    unit_price: Money,
    accept_fee: Money | None,
    now: datetime,
) -> QuotaReservation:
    """Set quota aside for one batch under the account's lock, so that two at the edge never share what is left (Q5).

    Asking again for the same batch gives the same reservation; one that lapsed is made anew on the terms of now.

    Raises:
        NotFoundError: there is no such account.
        AccountLockedError: its standing forbids generation.
        BatchMismatchError: the batch has a reservation with another quantity or price.
        ExchangeRateMissingError: a fee is due and the currency has no rate.
        FeeNotAcceptedError: `accept_fee` is not the fee; carries the fresh quote.
        PaymentMethodRequiredError: a fee, but no payment method and too little credit.
    """
    account = await lock_account(session, account_id)
    known = await session.get(QuotaReservation, (account_id, batch_id), populate_existing=True)
    if known is not None:
        if (known.quantity, known.unit_amount, known.unit_currency) != (quantity, unit_price.amount, unit_price.currency):
            raise BatchMismatchError
        if not known.lapsed:
            return known
    if Standing(account.standing).restricted:
        raise AccountLockedError
    offer = await make_offer(session, account, quantity=quantity, unit_price=unit_price, now=now)
    _check_accepted(offer.quote, accept_fee)
    await _check_payable(session, account, offer.quote.fee.amount)
    reservation = known or QuotaReservation(account_id=account_id, batch_id=batch_id, expired=0)
    reservation.cycle_start = offer.cycle.starts_at
    reservation.quantity = quantity
    reservation.included, reservation.overage = offer.quote.included, offer.quote.overage
    reservation.unit_amount, reservation.unit_currency = unit_price.amount, unit_price.currency
    reservation.fee_rate, reservation.fee = offer.plan.fee_rate, offer.quote.fee.amount
    reservation.state, reservation.lapsed, reservation.settled_at = ReservationState.RESERVED, False, None
    reservation.reserved_at, reservation.lapses_at = now, now + LAPSES_AFTER
    session.add(reservation)
    offer.cycle.used += quantity
    await session.flush()
    return reservation


def _check_accepted(quote: QuotaQuote, accept_fee: Money | None) -> None:
    nothing_accepted = accept_fee is None or accept_fee.amount == 0
    accepted = quote.fee.amount == 0 if nothing_accepted else accept_fee == quote.fee
    if not accepted:
        raise FeeNotAcceptedError(quote)


async def _check_payable(session: AsyncSession, account: Account, fee: int) -> None:
    if fee == 0 or await default_payment_method(session, account_id=account.account_id) is not None:
        return
    set_aside = await session.scalar(
        select(func.coalesce(func.sum(QuotaReservation.fee), 0)).where(
            QuotaReservation.account_id == account.account_id, QuotaReservation.state == ReservationState.RESERVED
        )
    )
    promised = await pending_fees(session, account_id=account.account_id) + int(set_aside or 0)
    if account.credit_balance - promised < fee:
        raise PaymentMethodRequiredError("Codes beyond the quota cost a fee: add a payment method first.")
