"""A creator connects the bot that a project speaks through."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from shared.contracts.bots import BotIdentity
from shared.contracts.events import EventType
from shared.outbox import stage
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.projects.disconnect_bot import remove_bot
from codes_api.projects.errors import BotAlreadyConnectedError
from codes_api.projects.find import get_active_project, get_bot
from codes_api.projects.models import Bot
from codes_api.projects.owner_link import link_hash, new_link_token
from codes_api.projects.sealing import Sealer


@dataclass(frozen=True)
class Connection:
    """A connected bot and the token of its owner link, which nobody can be told again."""

    bot_id: int
    username: str
    link_token: str


async def connect_bot(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    token: SecretStr,
    identity: BotIdentity,
    sealer: Sealer,
    now: datetime,
) -> Connection:
    """Keep the bot, sealed, for this project, and make a fresh owner link; the one before stops to work.

    The same bot again: a new token and name are taken over, the creator's chat stays. Another bot takes the place of the
    one before; the creator's chat is then unknown, because a bot may not write first.

    Args:
        identity: Telegram's own word on whose token it is (`GatewayClient.identify_bot`, asked outside of this
            transaction).

    Raises:
        NotFoundError, ProjectArchivedError.
        BotAlreadyConnectedError: it serves another project, of whichever creator.
    """
    await get_active_project(session, account_id=account_id, project_id=project_id, lock=True)
    link_token = new_link_token()
    present = await get_bot(session, account_id=account_id, project_id=project_id, lock=True)
    if present is not None and present.bot_id == identity.bot_id:
        present.username = identity.username
        present.token_sealed = sealer.seal(token)
        present.owner_link_hash = link_hash(link_token)
        present.owner_link_used = False
        await session.flush()
    else:
        if present is not None:
            await remove_bot(session, bot=present, now=now)
        values = {
            "bot_id": identity.bot_id,
            "account_id": account_id,
            "project_id": project_id,
            "username": identity.username,
            "token_sealed": sealer.seal(token),
            "webhook_secret_sealed": sealer.seal(SecretStr(secrets.token_urlsafe(32))),
            "owner_link_hash": link_hash(link_token),
            "connected_at": now,
        }
        # One statement that waits for a rival: of two projects that connect the same bot at once, one gets it.
        fresh = insert(Bot).values(values).on_conflict_do_nothing(index_elements=[Bot.bot_id]).returning(Bot.bot_id)
        if (await session.execute(fresh)).scalar_one_or_none() is None:
            raise BotAlreadyConnectedError("This bot serves another project. Disconnect it there first.")
    await stage(session, outbox, EventType.BOT_CONNECTED, account_id=account_id, payload={"bot_id": identity.bot_id}, now=now)
    return Connection(identity.bot_id, identity.username, link_token)
