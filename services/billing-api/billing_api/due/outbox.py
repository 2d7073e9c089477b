"""Events that the relay has not handed over yet."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.base import outbox


async def unpublished_events(session: AsyncSession) -> int:
    """How many."""
    query = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
    return int(await session.scalar(query) or 0)
