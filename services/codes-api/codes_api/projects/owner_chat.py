"""A creator opens the owner link in their bot: from now on it knows whom to send codes and news to."""

import hmac
from datetime import datetime
from uuid import UUID

from shared.contracts.batches import BatchStatus, DeliveryStatus
from shared.contracts.bots import OwnerChatLinked
from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.models import Batch
from codes_api.projects.errors import OwnerLinkUnknownError
from codes_api.projects.find import get_bot, get_project
from codes_api.projects.owner_link import link_hash


async def link_owner_chat(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, link_token: str, chat_id: int, now: datetime
) -> OwnerChatLinked:
    """Remember the chat, and have every batch that waits for one delivered (`rules.md` T2).

    The link works once. The chat that used it may tap it again, as Telegram repeats updates and people tap twice: the
    answer is the same and nothing is asked for a second time.

    Raises:
        OwnerLinkUnknownError: used by another chat, replaced, or never made.
    """
    bot = await get_bot(session, account_id=account_id, project_id=project_id, lock=True)
    if bot is None or not hmac.compare_digest(bot.owner_link_hash, link_hash(link_token)):
        raise OwnerLinkUnknownError
    if bot.owner_link_used and bot.owner_chat_id != chat_id:
        raise OwnerLinkUnknownError
    project = await get_project(session, account_id=account_id, project_id=project_id)
    waiting = await _waiting_batches(session, account_id=account_id, project_id=project_id)
    if not bot.owner_link_used:
        bot.owner_chat_id = chat_id
        bot.owner_link_used = True
        await session.flush()
        for batch_id in waiting:
            payload = {"batch_id": str(batch_id)}
            await stage(session, outbox, EventType.DELIVERY_REQUESTED, account_id=account_id, payload=payload, now=now)
        # The gateway keeps the chat beside the bot's token; it reads the bot again.
        await stage(session, outbox, EventType.BOT_CONNECTED, account_id=account_id, payload={"bot_id": bot.bot_id}, now=now)
    return OwnerChatLinked(project_id=project_id, project_name=project.name, waiting_batches=len(waiting))


async def _waiting_batches(session: AsyncSession, *, account_id: UUID, project_id: UUID) -> list[UUID]:
    """Ready, billed and not out yet, oldest first."""
    query = (
        select(Batch.id)
        .where(
            Batch.account_id == account_id,
            Batch.project_id == project_id,
            Batch.status == BatchStatus.READY,
            Batch.billed_at.is_not(None),
            Batch.delivery != DeliveryStatus.DELIVERED,
        )
        .order_by(Batch.id)
    )
    return list((await session.execute(query)).scalars())
