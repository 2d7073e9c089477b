"""What no other handler understood, and what went wrong."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, ErrorEvent, Message
from shared.errors import DependencyUnavailableError
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.talk import Talk
from bot_gateway.telegram import PASSING, log_broken

log = get_logger(__name__)


async def on_text(_: Message, talk: Talk) -> None:
    """A text that is no command and no code."""
    await talk.say(texts.HINT, keyboards.start())


async def on_anything(_: Message, talk: Talk) -> None:
    """A photo, a sticker, a voice message."""
    await talk.say(texts.TEXT_ONLY, keyboards.start())


async def on_button(query: CallbackQuery, talk: Talk) -> None:
    """A button of an older version of this bot."""
    await talk.acknowledge(query.id)
    await talk.say(texts.HINT, keyboards.start())


async def on_error(event: ErrorEvent, talk: Talk) -> None:
    """Tell the member. A failure of Telegram's that passes is raised again, so that the update comes back."""
    error = event.exception
    if isinstance(error, PASSING):
        raise error
    if isinstance(error, DependencyUnavailableError):
        log.warning("dependency_unavailable", error=type(error).__name__)
        await talk.say(texts.AWAY, keyboards.back())
        return
    log_broken("update_failed", error)
    await talk.say(texts.BROKEN, keyboards.back())


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="otherwise")
    router.message.register(on_text, F.text)
    router.message.register(on_anything)
    router.callback_query.register(on_button)
    router.errors.register(on_error)
    return router
