"""Something about the account itself is to be told to its creator, by a bot that knows their chat."""

from datetime import datetime
from uuid import UUID

from shared.contracts.bots import TellCreator
from shared.contracts.events import EventType
from shared.inbox import first_time
from shared.outbox import stage_all
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import inbox, outbox
from codes_api.projects.models import Bot


async def tell_creator(session: AsyncSession, *, account_id: UUID, notice: TellCreator, now: datetime) -> int:
    """Stage a notice for each chat that the account's owner links lead to (`rules.md` D5): the oldest connected bot of a
    chat brings it, so that a creator of five projects reads it once. Keyed by the event: said twice, it is told once.

    Returns:
        How many notices were staged.
    """
    if not await first_time(session, inbox, account_id=account_id, key=f"creator.notice:{notice.event_id}", now=now):
        return 0
    linked = select(Bot.project_id, Bot.owner_chat_id).where(Bot.account_id == account_id, Bot.owner_chat_id.is_not(None))
    one_a_chat = linked.ext(distinct_on(Bot.owner_chat_id)).order_by(Bot.owner_chat_id, Bot.connected_at, Bot.project_id)
    notices = [
        (account_id, {"project_id": str(project_id), "kind": notice.kind.value, "params": notice.params})
        for project_id, _ in await session.execute(one_a_chat)
    ]
    if notices:
        await stage_all(session, outbox, EventType.CREATOR_NOTICE, notices, now=now)
    return len(notices)
