"""Whether everything that happened has been said: jobs waits for it before the sandbox clock is ready again."""

from shared.contracts.due import OutboxState
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox


async def outbox_state(session: AsyncSession) -> OutboxState:
    """How many committed events the relay has not handed over yet."""
    waiting = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
    return OutboxState(unpublished=(await session.execute(waiting)).scalar_one())
