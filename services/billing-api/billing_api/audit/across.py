"""The invariant that spans two services: what was billed of a batch is what codes-api has of it (`rules.md` Q1).

billing-api's books are read first, then codes-api is asked: it only ever is ahead. What may still even out, or has since, is no
violation: codes-api says which batches moved a short while ago, or have an event on its way. No transaction is open while
codes-api is asked.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.clients.codes import CodesClient
from shared.contracts.batches import BatchCount, BatchRef, CountBatches
from shared.contracts.quota import ReservationState
from shared.db import Database
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.audit.invariant import Finding
from billing_api.quota.models import QuotaReservation

NAME: Final = "quota_used_is_codes_generated_less_expired"
AT_ONCE: Final = 500


@dataclass(frozen=True)
class _Billed:
    """What a reservation says."""

    state: ReservationState
    quantity: int
    expired: int


async def audit_codes(database: Database, codes: CodesClient) -> Finding:
    """Compare every batch that either service knows, in bounded pieces.

    Raises:
        DependencyUnavailableError: codes-api can't be asked. There is no finding then, rather than a good one.
    """
    checked = violations = 0
    async for billed, counted in _pieces(database, codes):
        batches = billed.keys() | counted.keys()
        checked += len(batches)
        violations += sum(is_broken(billed.get(batch), counted.get(batch)) for batch in batches)
    return Finding(NAME, checked, violations)


def is_broken(billed: _Billed | None, counted: BatchCount | None) -> bool:
    """Whether the two services disagree on a batch for good. Each knows it, or None."""
    confirmed = billed is not None and billed.state is ReservationState.CONFIRMED
    if counted is None or counted.generated == 0:
        return confirmed
    if counted.existing + counted.expired != counted.generated:
        return True
    if billed is None:
        return not counted.in_flight
    if billed.quantity != counted.generated or billed.expired > counted.expired:
        return True
    return not counted.in_flight and not (confirmed and billed.expired == counted.expired)


async def _pieces(
    database: Database, codes: CodesClient
) -> AsyncIterator[tuple[dict[tuple[UUID, UUID], _Billed], dict[tuple[UUID, UUID], BatchCount]]]:
    after: BatchRef | None = None
    while True:
        async with database.transaction() as session:
            reservations = await _reservations(session, after)
        last = reservations[-1] if len(reservations) == AT_ONCE else None
        until = None if last is None else BatchRef(account_id=last.account_id, batch_id=last.batch_id)
        billed = {(one.account_id, one.batch_id): _read(one) for one in reservations}
        yield billed, {(one.account_id, one.batch_id): one for one in await _counted(codes, after, until)}
        if until is None:
            return
        after = until


async def _reservations(session: AsyncSession, after: BatchRef | None) -> Sequence[QuotaReservation]:
    query = select(QuotaReservation).order_by(QuotaReservation.account_id, QuotaReservation.batch_id).limit(AT_ONCE)
    if after is not None:
        place = tuple_(QuotaReservation.account_id, QuotaReservation.batch_id)
        query = query.where(place > tuple_(after.account_id, after.batch_id))
    return (await session.scalars(query)).all()


def _read(reservation: QuotaReservation) -> _Billed:
    return _Billed(ReservationState(reservation.state), reservation.quantity, reservation.expired)


async def _counted(codes: CodesClient, after: BatchRef | None, until: BatchRef | None) -> list[BatchCount]:
    counted: list[BatchCount] = []
    while True:
        piece = await codes.count_batches(CountBatches(after=after, until=until))
        counted += piece.data
        if not piece.more:
            return counted
        after = BatchRef(account_id=piece.data[-1].account_id, batch_id=piece.data[-1].batch_id)
