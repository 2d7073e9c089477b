"""The connected bots, with their tokens, as bot-gateway needs them. Internal only."""

from collections.abc import Sequence
from uuid import UUID

from cryptography.fernet import InvalidToken
from shared.contracts.accounts import Branding
from shared.contracts.bots import ConnectedBot
from shared.errors import NotFoundError
from shared.logging import get_logger
from sqlalchemy import Select, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.chats.models import ProjectChat
from codes_api.projects.models import Bot, Project
from codes_api.projects.sealing import Sealer
from codes_api.tenants.models import Tenant

log = get_logger(__name__)


async def connected_bots(session: AsyncSession, *, sealer: Sealer) -> Sequence[ConnectedBot]:
    """Every connected bot. One that was sealed with another key is left out and logged: the others must go on."""
    rows = (await session.execute(_bots().order_by(Bot.bot_id))).all()
    opened = []
    for bot, name, branding, has_chats in rows:
        try:
            opened.append(_open(bot, name, branding, sealer, has_chats=has_chats))
        except InvalidToken:
            log.error("bot_sealed_with_another_key", bot_id=bot.bot_id)  # noqa: TRY400  # the trace says no more
    return opened


async def connected_bot(session: AsyncSession, *, bot_id: int, sealer: Sealer) -> ConnectedBot:
    """One bot by Telegram's id of it.

    Raises:
        NotFoundError: it is connected no more.
    """
    return await _one(session, _bots().where(Bot.bot_id == bot_id), sealer)


async def project_bot(session: AsyncSession, *, account_id: UUID, project_id: UUID, sealer: Sealer) -> ConnectedBot:
    """The bot of a project.

    Raises:
        NotFoundError: no such project, or no bot in it.
    """
    return await _one(session, _bots().where(Bot.account_id == account_id, Bot.project_id == project_id), sealer)


def _bots() -> Select[Bot, str, str, bool]:
    has_chats = exists().where(ProjectChat.account_id == Bot.account_id, ProjectChat.project_id == Bot.project_id)
    return (
        select(Bot, Project.name, Tenant.branding, has_chats)
        .join(Project, and_(Project.account_id == Bot.account_id, Project.id == Bot.project_id))
        .join(Tenant, Tenant.account_id == Bot.account_id)
    )


async def _one(session: AsyncSession, query: Select[Bot, str, str, bool], sealer: Sealer) -> ConnectedBot:
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("No such bot is connected.")
    bot, name, branding, has_chats = row
    return _open(bot, name, branding, sealer, has_chats=has_chats)


def _open(bot: Bot, project_name: str, branding: str, sealer: Sealer, *, has_chats: bool) -> ConnectedBot:
    return ConnectedBot(
        bot_id=bot.bot_id,
        username=bot.username,
        token=sealer.open(bot.token_sealed),
        webhook_secret=sealer.open(bot.webhook_secret_sealed),
        account_id=bot.account_id,
        project_id=bot.project_id,
        project_name=project_name,
        branding=Branding(branding),
        owner_chat_id=bot.owner_chat_id,
        has_chats=has_chats,
    )
