"""Do what is due, a bounded piece of it, each item in a transaction of its own."""

from datetime import datetime
from typing import Final

from shared.contracts.quota import ReservationState
from shared.db import Database
from sqlalchemy import select

from billing_api.accounts.lock import lock_account
from billing_api.due.next import attempt_is_due
from billing_api.payments.attempt import resolve
from billing_api.payments.models import PaymentAttempt
from billing_api.payments.processor import PaymentProcessor
from billing_api.quota.models import QuotaReservation
from billing_api.quota.release import lapse_reservation
from billing_api.subscriptions.models import Subscription
from billing_api.subscriptions.turn import turn_account

PIECE: Final = 50
"""Items of one kind in one run: a run must end well before its caller's patience."""


async def run_due(database: Database, processor: PaymentProcessor, *, now: datetime) -> int:
    """Lapse reservations, make turns, settle payments that are due by `now`; returns how many items were done."""
    return (
        await _lapse_reservations(database, now)
        + await _turn_cycles(database, now)
        + await _settle_payments(database, processor, now)
    )


async def _lapse_reservations(database: Database, now: datetime) -> int:
    query = (
        select(QuotaReservation.account_id, QuotaReservation.batch_id)
        .where(QuotaReservation.state == ReservationState.RESERVED, QuotaReservation.lapses_at <= now)
        .order_by(QuotaReservation.lapses_at)
        .limit(PIECE)
    )
    async with database.transaction() as session:
        due = (await session.execute(query)).all()
    done = 0
    for account_id, batch_id in due:
        async with database.transaction() as session:
            done += await lapse_reservation(session, account_id=account_id, batch_id=batch_id, now=now)
    return done


async def _turn_cycles(database: Database, now: datetime) -> int:
    query = (
        select(Subscription.account_id).where(Subscription.next_turn_at <= now).order_by(Subscription.next_turn_at).limit(PIECE)
    )
    async with database.transaction() as session:
        due = (await session.scalars(query)).all()
    done = 0
    for account_id in due:
        async with database.transaction() as session:
            account = await lock_account(session, account_id)
            done += await turn_account(session, account, now=now)
    return done


async def _settle_payments(database: Database, processor: PaymentProcessor, now: datetime) -> int:
    query = (
        select(PaymentAttempt.account_id, PaymentAttempt.id)
        .where(attempt_is_due(now))
        .order_by(PaymentAttempt.resolve_at)
        .limit(PIECE)
    )
    async with database.transaction() as session:
        due = (await session.execute(query)).all()
    done = 0
    for account_id, attempt_id in due:
        status = await resolve(database, processor, account_id=account_id, attempt_id=attempt_id, now=now)
        done += status is not None
    return done
