"""A batch that the quota covers costs nothing, so that there is nothing to price: it is reserved and confirmed in one statement
each (ADR 11). Whatever is out of the ordinary is left to `reserve.py` and `confirm.py`, by changing nothing.

How these keep what those keep (READ COMMITTED, which PostgreSQL uses for a statement of its own):

- The account's row is locked first, as everywhere. A statement that waits for it goes on with what it saw before, so each row
  that it decides by is locked or written as well: PostgreSQL then asks its conditions again of the row as it is by now. Of the
  plan nothing can have changed.
- What a rival has added meanwhile is not seen. A reservation of the same batch breaks the primary key, which undoes the
  statement; a new cycle is that of a new period, and the subscription's row then no longer fits.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import UniqueViolationError
from shared.contracts.quota import QuotaReservation, ReservationState
from shared.db import Database
from shared.money import Money, usd

from billing_api.quota.confirm import confirm_quota
from billing_api.quota.models import QuotaReservation as Reservation
from billing_api.quota.reserve import LAPSES_AFTER, reserve_quota

COVERED: Final = "(c.included IS NULL OR c.used + $3::integer <= c.included)"
"""The heart of the guard of `RESERVE`. A test takes it out and must see the quota passed."""
LOCK: Final = "FOR UPDATE"
"""That of `CONFIRM`. A test takes it out and must see codes that count nowhere."""

_SHOWN: Final = "batch_id, state, included, overage, fee, lapses_at"

# Parameters: $1 account, $2 batch, $3 quantity, $4 price of one, $5 its currency, $6 now, $7 when it lapses.
RESERVE: Final = f"""
WITH account AS MATERIALIZED (
    SELECT a.account_id
    FROM accounts a
    WHERE a.account_id = $1::uuid AND a.standing IN ('active', 'grace')
      AND (a.next_standing_at IS NULL OR a.next_standing_at > $6::timestamptz)
    FOR UPDATE
), running AS MATERIALIZED (
    SELECT s.account_id, s.period_start, p.fee_rate
    FROM account
    JOIN subscriptions s ON s.account_id = account.account_id
    JOIN plans p ON p.account_id = s.plan_owner_id AND p.code = s.plan_code
    WHERE NOT s.paused AND s.restart_at IS NULL AND s.next_turn_at > $6::timestamptz
      AND NOT EXISTS (SELECT FROM quota_reservations r WHERE r.account_id = $1::uuid AND r.batch_id = $2::uuid)
    FOR SHARE OF s
), cycle AS (
    UPDATE quota_cycles c SET used = c.used + $3::integer
    FROM running
    WHERE c.account_id = running.account_id AND c.starts_at = running.period_start AND {COVERED}
    RETURNING c.account_id, c.starts_at, running.fee_rate
)
INSERT INTO quota_reservations
       (account_id, batch_id, cycle_start, quantity, included, overage, unit_amount, unit_currency, fee_rate, fee, state, lapsed,
        expired, reserved_at, lapses_at)
SELECT account_id, $2::uuid, starts_at, $3::integer, $3::integer, 0, $4::bigint, $5::varchar, fee_rate, 0, 'reserved', false,
       0, $6::timestamptz, $7::timestamptz
FROM cycle
RETURNING {_SHOWN}
"""  # noqa: S608  # our own words

# Parameters: $1 account, $2 batch, $3 now.
CONFIRM: Final = f"""
WITH account AS MATERIALIZED (
    SELECT account_id FROM accounts WHERE account_id = $1::uuid {LOCK}
)
UPDATE quota_reservations r SET state = 'confirmed', settled_at = $3::timestamptz
FROM account
WHERE r.account_id = account.account_id AND r.batch_id = $2::uuid AND r.state = 'reserved' AND r.fee = 0
RETURNING {_SHOWN}
"""  # noqa: S608  # our own words


async def reserve_batch(
    database: Database,
    *,
    account_id: UUID,
    batch_id: UUID,
    quantity: int,
    unit_price: Money,
    accept_fee: Money | None,
    now: datetime,
) -> QuotaReservation:
    """Set quota aside for a batch: at once if the quota covers it, else as `reserve_quota` does it.

    Raises:
        What `reserve_quota` does.
    """
    if accept_fee is None or accept_fee.amount == 0:
        covered = await reserve_covered(
            database, account_id=account_id, batch_id=batch_id, quantity=quantity, unit_price=unit_price, now=now
        )
        if covered is not None:
            return covered
    async with database.transaction() as session:
        reservation = await reserve_quota(
            session,
            account_id=account_id,
            batch_id=batch_id,
            quantity=quantity,
            unit_price=unit_price,
            accept_fee=accept_fee,
            now=now,
        )
    return show_reservation(reservation)


async def confirm_batch(database: Database, *, account_id: UUID, batch_id: UUID, now: datetime) -> QuotaReservation:
    """Confirm a reservation: at once if it waits for it and costs nothing, else as `confirm_quota` does it.

    Raises:
        What `confirm_quota` does.
    """
    covered = await confirm_covered(database, account_id=account_id, batch_id=batch_id, now=now)
    if covered is not None:
        return covered
    async with database.transaction() as session:
        reservation = await confirm_quota(session, account_id=account_id, batch_id=batch_id, now=now)
    return show_reservation(reservation)


async def reserve_covered(
    database: Database,
    *,
    account_id: UUID,
    batch_id: UUID,
    quantity: int,
    unit_price: Money,
    now: datetime,
    statement: str = RESERVE,
) -> QuotaReservation | None:
    """Set quota aside for a batch that the quota covers; None if that is not so, or anything else has to be thought about.

    Args:
        quantity, unit_price, now: as for `reserve_quota`.
        statement: tests pass one with a part of the guard taken out.
    """
    price = unit_price.amount, unit_price.currency
    try:
        row = await database.fetch_row(statement, account_id, batch_id, quantity, *price, now, now + LAPSES_AFTER)
    except UniqueViolationError:
        return None
    return None if row is None else show_reservation(Reservation(**row))


async def confirm_covered(
    database: Database, *, account_id: UUID, batch_id: UUID, now: datetime, statement: str = CONFIRM
) -> QuotaReservation | None:
    """Confirm a reservation without a fee; None if there is none that waits for it."""
    row = await database.fetch_row(statement, account_id, batch_id, now)
    return None if row is None else show_reservation(Reservation(**row))


def show_reservation(reservation: Reservation) -> QuotaReservation:
    """A reservation on the wire."""
    return QuotaReservation(
        batch_id=reservation.batch_id,
        state=ReservationState(reservation.state),
        included=reservation.included,
        overage=reservation.overage,
        fee=usd(reservation.fee),
        lapses_at=reservation.lapses_at,
    )
