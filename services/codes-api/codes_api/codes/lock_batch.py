"""The row of a batch as the lock that generating, billing, delivering and sweeping it go through."""

from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import Batch


async def lock_batch(session: AsyncSession, *, account_id: UUID, batch_id: UUID) -> Batch:
    """The batch as it is now, locked until the transaction ends.

    Raises:
        NotFoundError: the account has no such batch.
    """
    query = (
        select(Batch)
        .where(Batch.account_id == account_id, Batch.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    batch = (await session.execute(query)).scalar_one_or_none()
    if batch is None:
        raise NotFoundError("There is no such batch.")
    return batch


async def share_batch(session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID) -> Batch:
    """The batch as it is now, and as it stays until the transaction ends: the sweep can't take its codes meanwhile. Others may
    share it; to be asked for before any of its codes is locked."""
    return await session.get_one(
        Batch, (account_id, project_id, batch_id), with_for_update={"read": True}, populate_existing=True
    )
