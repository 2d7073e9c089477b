"""Telling a creator something about their project."""

from aiogram.exceptions import AiogramError, TelegramUnauthorizedError
from pydantic import Field
from shared.contracts.base import WireModel
from shared.contracts.bots import SendNotice
from shared.errors import DependencyUnavailableError
from shared.logging import get_logger

from bot_gateway.bots.registry import Bots
from bot_gateway.creator_texts import notice
from bot_gateway.talk import Talk
from bot_gateway.telegram import PASSING, rest_of

log = get_logger(__name__)

RETRY_AFTER_S = 5


class NoticeSent(WireModel):
    """Answer of `POST /internal/notices`."""

    told: bool = Field(description="False: there is nobody to tell (no bot, no linked chat).")


async def send_notice(bots: Bots, *, asked: SendNotice) -> NoticeSent:
    """Say a notice in the creator's chat.

    Raises:
        DependencyUnavailableError: Telegram or codes-api is away; ask again.
    """
    loaded = await bots.of_project(asked.account_id, asked.project_id)
    if loaded is None or loaded.connected.owner_chat_id is None:
        log.info("notice_without_chat", project_id=str(asked.project_id), kind=asked.kind)
        return NoticeSent(told=False)
    connected = loaded.connected
    talk = Talk(loaded.bot, loaded.connected.owner_chat_id, connected.branding)
    try:
        await talk.say(notice(asked.kind, connected, asked.params))
    except TelegramUnauthorizedError:
        log.warning("bot_token_refused", bot_id=connected.bot_id)
        return NoticeSent(told=False)
    except PASSING as error:
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    except AiogramError as error:
        raise DependencyUnavailableError("Telegram") from error
    log.info("notice_sent", project_id=str(asked.project_id), kind=asked.kind)
    return NoticeSent(told=True)
