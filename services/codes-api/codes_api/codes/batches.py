"""A creator looks at the batches of a project."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import OPEN, AccessCode, Batch
from codes_api.paging import cut, newest_first
from codes_api.projects.find import get_project


@dataclass(frozen=True)
class CodeCounts:
    """How many of a batch's codes have which status. All zero before it is generated."""

    unredeemed: int = 0
    redeemed: int = 0
    expired: int = 0
    revoked: int = 0


@dataclass(frozen=True)
class CountedBatch:
    """A batch and what became of its codes."""

    batch: Batch
    counts: CodeCounts


async def get_batch(session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID, now: datetime) -> CountedBatch:
    """One batch.

    Raises:
        NotFoundError: there is none in this project of this account.
    """
    batch = await session.get(Batch, (account_id, project_id, batch_id))
    if batch is None:
        raise NotFoundError("There is no such batch in this project.")
    return (await _counted(session, [batch], now=now))[0]


async def list_batches(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, limit: int, cursor: str | None, now: datetime
) -> tuple[Sequence[CountedBatch], str | None]:
    """One page, newest first.

    Raises:
        NotFoundError: no such project.
        InvalidCursorError: the cursor is not of this list.
    """
    await get_project(session, account_id=account_id, project_id=project_id)
    query = select(Batch).where(Batch.account_id == account_id, Batch.project_id == project_id)
    rows = (await session.execute(newest_first(query, Batch.id, limit=limit, cursor=cursor))).scalars().all()
    batches, next_cursor = cut(rows, limit=limit, id_of=lambda batch: batch.id)
    return await _counted(session, batches, now=now), next_cursor


async def _counted(session: AsyncSession, batches: Sequence[Batch], *, now: datetime) -> list[CountedBatch]:
    """All batches are of one project. Between its expiry and the sweep a code already counts as expired (`rules.md` C4), and
    when its tombstone is forgotten still."""
    if not batches:
        return []
    found: defaultdict[UUID, CodeCounts] = defaultdict(CodeCounts)
    mine = [batch.id for batch in batches]
    expired = AccessCode.expires_at <= now
    present = select(
        AccessCode.batch_id,
        func.count().filter(*OPEN, expired.is_not(True)),
        func.count(AccessCode.redeemed_at),
        func.count().filter(*OPEN, expired),
        func.count(AccessCode.revoked_at),
    ).where(
        AccessCode.account_id == batches[0].account_id,
        AccessCode.project_id == batches[0].project_id,
        AccessCode.batch_id.in_(mine),
    )
    for batch_id, *counts in await session.execute(present.group_by(AccessCode.batch_id)):
        found[batch_id] = CodeCounts(*counts)
    for batch in batches:
        if batch.forgotten_at is not None:
            kept = found[batch.id]
            found[batch.id] = replace(kept, expired=batch.quantity - kept.redeemed - kept.revoked)
    return [CountedBatch(batch, found[batch.id]) for batch in batches]
