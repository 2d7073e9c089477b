"""Writing to a member who has not asked anything."""

from aiogram.exceptions import AiogramError, TelegramUnauthorizedError
from aiogram.types import InlineKeyboardMarkup
from shared.contracts.chats import MemberTold
from shared.errors import DependencyUnavailableError
from shared.logging import get_logger

from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.talk import Talk
from bot_gateway.telegram import PASSING, rest_of

log = get_logger(__name__)

RETRY_AFTER_S = 5


async def tell_member(loaded: LoadedBot, telegram_id: int, text: str, keyboard: InlineKeyboardMarkup) -> MemberTold:
    """Say it. That the member blocked the bot is final (`Talk.say` logs it), and so is a token that is refused.

    Raises:
        DependencyUnavailableError: Telegram is away; ask again.
    """
    try:
        await Talk(loaded.bot, telegram_id, loaded.connected.branding).say(text, keyboard)
    except TelegramUnauthorizedError:
        log.warning("bot_token_refused", bot_id=loaded.connected.bot_id)
        return MemberTold(told=False)
    except PASSING as error:
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    except AiogramError as error:
        raise DependencyUnavailableError("Telegram") from error
    return MemberTold(told=True)
