"""Writes the codes of a batch. Asked for by jobs, as often as it likes: `quantity` codes exist in the end, no more."""

from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import UniqueViolationError
from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchStatus, GenerationResult
from shared.contracts.bots import NoticeKind
from shared.contracts.events import EventType
from shared.db import Database
from shared.ids import new_id
from shared.logging import get_logger
from shared.outbox import stage
from shared.request_id import current_request_id
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.alphabet import new_codes
from codes_api.codes.generate_statement import GENERATE, MARK
from codes_api.codes.lock_batch import lock_batch
from codes_api.codes.models import Batch
from codes_api.projects.find import get_bot
from codes_api.tenants.models import Tenant

log = get_logger(__name__)

MAX_DRAWS: Final = 10
"""A collision of 75 random bits is next to impossible; ten in a row mean that something is broken."""


class GenerationStuckError(RuntimeError):
    """Codes keep colliding. Nothing was written; not something that a caller can mend."""


async def generate_batch(database: Database, *, account_id: UUID, batch_id: UUID, now: datetime) -> GenerationResult:
    """Write the codes of a batch, make it ready and say so, all in one statement (`rules.md` Q1; ADR 12).

    Before it, in a transaction of its own, the creator is shown that a worker is at it: the next one shows either no code or
    all of them. A second call waits for the first and finds nothing left to do. A batch whose expiry has passed while it was
    queued is generated all the same: the sweep takes its codes as any others, and their quota comes back on the way that it
    always does. If the account was locked meanwhile (D3), the batch fails: no code exists, the reservation is released, the
    creator is told.

    Args:
        database: not a session: there is no transaction but the statements' own.
        now: when the codes count as generated.

    Raises:
        NotFoundError: the account has no such batch.
    """
    for _ in range(MAX_DRAWS):
        quantity = await mark_generating(database, account_id=account_id, batch_id=batch_id)
        if quantity is not None:
            chat_known = await write_codes(database, account_id=account_id, batch_id=batch_id, quantity=quantity, now=now)
            if chat_known is not None:
                return _result(batch_id, BatchStatus.READY, quantity, chat_known=chat_known)
        async with database.transaction() as session:
            over = await _why_not(session, account_id=account_id, batch_id=batch_id, now=now)
        if over is not None:
            return over
        log.warning("codes_collided", batch_id=str(batch_id))
    raise GenerationStuckError


async def mark_generating(database: Database, *, account_id: UUID, batch_id: UUID) -> int | None:
    """Show that a worker is at it; how many codes the batch is to have. None: there is nothing left to do, or no such batch."""
    row = await database.fetch_row(MARK, account_id, batch_id)
    return None if row is None else row["quantity"]


async def write_codes(
    database: Database, *, account_id: UUID, batch_id: UUID, quantity: int, now: datetime, statement: str = GENERATE
) -> bool | None:
    """Draw the codes and write them: whether there is a chat to deliver them to. None: nothing was changed.

    Args:
        quantity: the batch's.
        now: when the codes count as generated.
        statement: tests pass one with a part of the guard taken out.
    """
    codes, request_id = new_codes(quantity), current_request_id()
    try:
        row = await database.fetch_row(statement, account_id, batch_id, now, codes, new_id(), request_id)
    except UniqueViolationError:
        return None
    return None if row is None else row["chat_known"]


async def _why_not(session: AsyncSession, *, account_id: UUID, batch_id: UUID, now: datetime) -> GenerationResult | None:
    """How the batch ended: before, or just now; None: nothing is in its way but codes that were no new ones."""
    batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
    if batch.status not in (BatchStatus.READY, BatchStatus.FAILED):
        tenant = await session.get_one(Tenant, account_id)
        if not Standing(tenant.standing).restricted:
            return None
        await _fail(session, batch, reason="account_locked", now=now)
    bot = await get_bot(session, account_id=account_id, project_id=batch.project_id)
    chat_known = bot is not None and bot.owner_chat_id is not None
    return _result(batch_id, BatchStatus(batch.status), batch.quantity, chat_known=chat_known)


def _result(batch_id: UUID, status: BatchStatus, quantity: int, *, chat_known: bool) -> GenerationResult:
    generated = quantity if status is BatchStatus.READY else 0
    return GenerationResult(batch_id=batch_id, status=status, generated=generated, chat_known=chat_known)


async def _fail(session: AsyncSession, batch: Batch, *, reason: str, now: datetime) -> None:
    batch.status = BatchStatus.FAILED.value
    batch.progressed_at = func.clock_timestamp()
    await session.flush()
    payload = {"batch_id": str(batch.id)}
    await stage(session, outbox, EventType.BATCH_FAILED, account_id=batch.account_id, payload=payload, now=now)
    notice = {
        "project_id": str(batch.project_id),
        "kind": NoticeKind.BATCH_FAILED.value,
        "params": {**payload, "quantity": batch.quantity, "reason": reason},
    }
    await stage(session, outbox, EventType.CREATOR_NOTICE, account_id=batch.account_id, payload=notice, now=now)
