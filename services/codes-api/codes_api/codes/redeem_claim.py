"""Sends the statement that redeems (`redeem_statement.py`): for one attempt, or for many of one account."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from asyncpg import CheckViolationError, Record
from shared.db import Database
from shared.ids import new_id
from shared.request_id import current_request_id

from codes_api.codes.redeem_statement import REDEEM, REDEEM_SET, SLOT_CONSTRAINT
from codes_api.codes.refuse import Attempt

Claim = Callable[[Attempt], Awaitable[Record | None]]
"""The row of the statement; None: nothing was changed."""


@dataclass(frozen=True)
class Asked:
    """An attempt with what the request that made it has to say: a set is sent for many of them."""

    attempt: Attempt
    request_id: str | None = field(default_factory=current_request_id)
    new_id: UUID = field(default_factory=new_id)
    """The id of the membership, if there will be a new one."""


async def claim_one(database: Database, attempt: Attempt, *, statement: str = REDEEM) -> Record | None:
    """Redeem the attempt's code, waiting for whoever holds it. See `Claim`.

    Args:
        statement: tests pass one with a part of the guard taken out.
    """
    return await claim_asked(database, Asked(attempt), statement=statement)


async def claim_asked(database: Database, asked: Asked, *, statement: str = REDEEM) -> Record | None:
    """Like `claim_one`, for another request than the one that runs."""
    attempt = asked.attempt
    try:
        return await database.fetch_row(
            statement,
            attempt.account_id,
            attempt.project_id,
            attempt.code,
            attempt.telegram_id,
            attempt.now,
            asked.new_id,
            new_id(),
            asked.request_id,
        )
    except CheckViolationError as error:
        if error.constraint_name != SLOT_CONSTRAINT:
            raise
        return None


async def claim_set(database: Database, asked: Sequence[Asked], *, statement: str = REDEEM_SET) -> dict[UUID, Record]:
    """Redeem what is plain of many attempts in one account; waits for no code, and for a membership hardly.

    Args:
        asked: at least one; no code of a project and no member of it twice.

    Returns:
        The rows of those that are redeemed, by their `new_id`. Whatever else is asked for is unchanged.

    Raises:
        PostgresError: nothing was changed at all.
    """
    attempts = [one.attempt for one in asked]
    rows = await database.fetch_rows(
        statement,
        attempts[0].account_id,
        [attempt.project_id for attempt in attempts],
        [attempt.code for attempt in attempts],
        [attempt.telegram_id for attempt in attempts],
        [attempt.now for attempt in attempts],
        [one.new_id for one in asked],
        [new_id() for _ in asked],
        [one.request_id for one in asked],
    )
    return {row["new_id"]: row for row in rows}
