"""Writes the codes of a batch. Asked for by jobs, as often as it likes: `quantity` codes exist in the end, no more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchStatus, GenerationResult
from shared.contracts.bots import NoticeKind
from shared.contracts.events import EventType
from shared.logging import get_logger
from shared.outbox import stage
from sqlalchemy import ARRAY, Integer, String, column, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.alphabet import new_codes
from codes_api.codes.lock_batch import lock_batch
from codes_api.codes.models import AccessCode, Batch
from codes_api.projects.models import Bot
from codes_api.tenants.models import Tenant
from codes_api.webhooks.models import WebhookEndpoint

log = get_logger(__name__)

MAX_DRAWS: Final = 10
"""A collision of 75 random bits is next to impossible; ten in a row mean that something is broken."""


class GenerationStuckError(RuntimeError):
    """Codes keep colliding. Nothing was written; not something that a caller can mend."""


async def mark_generating(session: AsyncSession, *, account_id: UUID, batch_id: UUID) -> None:
    """Show that a worker is at it, in a transaction of its own: the next one shows either no code or all of them."""
    await session.execute(
        update(Batch)
        .where(
            Batch.account_id == account_id,
            Batch.id == batch_id,
            Batch.status.in_([BatchStatus.QUEUED, BatchStatus.GENERATING]),
        )
        .values(status=BatchStatus.GENERATING.value, progressed_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


async def generate_batch(session: AsyncSession, *, account_id: UUID, batch_id: UUID, now: datetime) -> GenerationResult:
    """Write the codes that the batch misses, make it ready and say so, all in this one transaction (`rules.md` Q1).

    The batch's row is the lock: a second call waits and finds nothing left to do. A batch whose expiry has passed while
    it was queued is generated all the same: the sweep takes its codes as any others, and their quota comes back on the
    way that it always does. If the account was locked meanwhile (D3), the batch fails: no code exists, the reservation is
    released, the creator is told.

    Args:
        now: when the codes count as generated.

    Raises:
        NotFoundError: the account has no such batch.
    """
    batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
    if batch.status not in (BatchStatus.READY, BatchStatus.FAILED):
        standing, waits_for = await _surroundings(session, batch)
        if standing.restricted:
            await _fail(session, batch, reason="account_locked", now=now)
        else:
            await _write_codes(session, batch)
            batch.status = BatchStatus.READY.value
            batch.generated_at = now
            batch.progressed_at = func.clock_timestamp()
            await session.flush()
            payload = {"batch_id": str(batch.id), **waits_for}
            await stage(session, outbox, EventType.BATCH_GENERATED, account_id=account_id, payload=payload, now=now)
    status = BatchStatus(batch.status)
    return GenerationResult(batch_id=batch_id, status=status, generated=batch.quantity if status is BatchStatus.READY else 0)


async def _surroundings(session: AsyncSession, batch: Batch) -> tuple[Standing, dict[str, bool]]:
    """The account's standing, and whether anybody waits for the batch: a chat to deliver to, an endpoint to tell. To find out
    costs next to nothing here, and jobs two requests each."""
    chat = exists().where(Bot.account_id == batch.account_id, Bot.project_id == batch.project_id, Bot.owner_chat_id.is_not(None))
    endpoint = exists().where(
        WebhookEndpoint.account_id == batch.account_id,
        WebhookEndpoint.project_id == batch.project_id,
        WebhookEndpoint.enabled,
    )
    query = select(Tenant.standing, chat, endpoint).where(Tenant.account_id == batch.account_id)
    standing, chat_known, webhooks = (await session.execute(query)).one()
    return Standing(standing), {"chat_known": chat_known, "webhooks": webhooks}


async def _write_codes(session: AsyncSession, batch: Batch) -> None:
    connection = await session.connection()
    try:
        # Plain, as 75 random bits hardly ever collide: looking for conflicts first costs a quarter more.
        async with connection.begin_nested():
            written = await connection.execute(_insertion(batch, range(batch.quantity)))
        if written.rowcount == batch.quantity:
            return
    except IntegrityError:
        log.warning("codes_collided", batch_id=str(batch.id))
    for _ in range(MAX_DRAWS):
        missing = sorted(set(range(batch.quantity)) - await _positions(session, batch))
        if not missing:
            return
        await session.execute(_insertion(batch, missing).on_conflict_do_nothing())
    raise GenerationStuckError


async def _positions(session: AsyncSession, batch: Batch) -> set[int]:
    query = select(AccessCode.position).where(
        AccessCode.account_id == batch.account_id,
        AccessCode.project_id == batch.project_id,
        AccessCode.batch_id == batch.id,
    )
    return set((await session.execute(query)).scalars())


def _insertion(batch: Batch, positions: Iterable[int]) -> Insert:
    """One statement that writes a fresh code at each position. One that the project has, if only as a tombstone (`rules.md`
    C2), breaks the unique constraint, unless the caller has it left out."""
    places = list(positions)
    drawn = (
        func.unnest(literal(places, ARRAY(Integer)), literal(new_codes(len(places)), ARRAY(String)))
        .table_valued(column("position", Integer), column("code", String))
        .render_derived(name="drawn")
    )
    table = AccessCode.__table__
    same = {
        "account_id": batch.account_id,
        "project_id": batch.project_id,
        "batch_id": batch.id,
        "plan_id": batch.plan_id,
        "expires_at": batch.expires_at,
    }
    constants = [literal(value, table.c[name].type) for name, value in same.items()]
    # In the order of the index over codes: neighbours there are written one after the other.
    rows = select(*constants, drawn.c.position, drawn.c.code).order_by(drawn.c.code)
    return insert(AccessCode).from_select([*same, "position", "code"], rows)


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
