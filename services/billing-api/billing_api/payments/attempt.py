"""Charge an invoice's rest: write the attempt down, commit, ask the processor, write the result down (architecture rule 6).

A crash between any two steps leaves an unresolved attempt behind. Whoever comes next (due work, or the next request)
asks the processor by the attempt's key what became of it before anything is charged.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

from shared.db import Database
from shared.money import usd
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.payments.models import UNRESOLVED, AttemptStatus, PaymentAttempt, PaymentMethod
from billing_api.payments.processor import ChargeResult, NoAnswerError, PaymentProcessor
from billing_api.payments.request import LEASE
from billing_api.payments.settle import settle_attempt, settle_silence


@dataclass(frozen=True)
class _Ask:
    """What the processor is asked, read before the transaction ends."""

    key: str
    method_reference: str
    amount: int
    status: AttemptStatus


_method_of_attempt = and_(
    PaymentMethod.account_id == PaymentAttempt.account_id, PaymentMethod.id == PaymentAttempt.payment_method_id
)


class _Lease(Enum):
    """`FIRST`: nobody ever had the right to ask about this attempt, so that the processor can't have got it."""

    FIRST = auto()
    AGAIN = auto()


async def collect(
    database: Database, processor: PaymentProcessor, *, account_id: UUID, attempt_id: UUID, now: datetime
) -> AttemptStatus:
    """Ask the processor to charge an attempt that the caller has just written down, and write the result down.

    Returns:
        Where the attempt stands: succeeded, declined, or unknown (no answer).
    """
    async with database.transaction() as session:
        ask = await _read(session, account_id, attempt_id)
    if ask.status not in UNRESOLVED:
        return ask.status
    return await _charge(database, processor, account_id, attempt_id, ask, now)


async def resolve(
    database: Database,
    processor: PaymentProcessor,
    *,
    account_id: UUID,
    attempt_id: UUID,
    now: datetime,
    give_up: bool = False,
) -> AttemptStatus | None:
    """Bring an attempt to an end that somebody left unresolved, charging at most once.

    `give_up`: if the processor never got it, end it instead of charging: the caller is about to charge otherwise.

    Returns:
        Where it stands now; None if somebody else is at it.
    """
    async with database.transaction() as session:
        lease = await _take_lease(session, account_id, attempt_id)
        if lease is None:
            return None
        ask = await _read(session, account_id, attempt_id)
    if lease is _Lease.AGAIN:
        try:
            found = await processor.find(key=ask.key, method_reference=ask.method_reference)
        except NoAnswerError:
            return await _write(database, account_id, attempt_id, None, now)
        if found is not None:
            return await _write(database, account_id, attempt_id, found, now)
    async with database.transaction() as session:
        ended = await settle_silence(session, account_id=account_id, attempt_id=attempt_id, now=now, give_up=give_up)
    if ended is not None:
        return ended
    return await _charge(database, processor, account_id, attempt_id, ask, now)


async def _charge(
    database: Database, processor: PaymentProcessor, account_id: UUID, attempt_id: UUID, ask: _Ask, now: datetime
) -> AttemptStatus:
    result: ChargeResult | None
    try:
        result = await processor.charge(key=ask.key, method_reference=ask.method_reference, amount=usd(ask.amount))
    except NoAnswerError:
        result = None
    return await _write(database, account_id, attempt_id, result, now)


async def _write(
    database: Database, account_id: UUID, attempt_id: UUID, result: ChargeResult | None, now: datetime
) -> AttemptStatus:
    async with database.transaction() as session:
        return await settle_attempt(session, account_id=account_id, attempt_id=attempt_id, result=result, now=now)


async def _read(session: AsyncSession, account_id: UUID, attempt_id: UUID) -> _Ask:
    query = (
        select(PaymentAttempt, PaymentMethod.processor_reference)
        .join(PaymentMethod, _method_of_attempt)
        .where(PaymentAttempt.account_id == account_id, PaymentAttempt.id == attempt_id)
        .execution_options(populate_existing=True)
    )
    attempt, reference = (await session.execute(query)).one()
    return _Ask(attempt.idempotency_key, reference, attempt.amount, AttemptStatus(attempt.status))


async def _take_lease(session: AsyncSession, account_id: UUID, attempt_id: UUID) -> _Lease | None:
    """The right to ask the processor, for a while of real time; None: somebody else has it, or nothing is left to ask."""
    real_now: Any = func.clock_timestamp()
    free = or_(PaymentAttempt.leased_until.is_(None), PaymentAttempt.leased_until < real_now)
    mine = (PaymentAttempt.account_id == account_id) & (PaymentAttempt.id == attempt_id)
    never = PaymentAttempt.leased_until.is_(None) & (PaymentAttempt.silences == 0)
    before = (
        select(PaymentAttempt.account_id, PaymentAttempt.id, never.label("never"))
        .where(mine, free, PaymentAttempt.status.in_(UNRESOLVED))
        .with_for_update()
        .cte("before")
    )
    taken = await session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.account_id == before.c.account_id, PaymentAttempt.id == before.c.id)
        .values(leased_until=real_now + LEASE)
        .returning(before.c.never),
        execution_options={"synchronize_session": False},
    )
    never_asked = taken.scalar_one_or_none()
    return None if never_asked is None else _Lease.FIRST if never_asked else _Lease.AGAIN
