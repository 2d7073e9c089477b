"""What no other handler understood, and what went wrong."""

from aiogram import F, Router
from aiogram.types import ErrorEvent, TelegramObject
from shared.errors import DependencyUnavailableError, NotFoundError, RemoteProblem
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.telegram import PASSING, log_broken
from bot_gateway.visit import Visit

log = get_logger(__name__)


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="otherwise")
    router.message.register(on_unknown, F.text)
    router.message.register(on_no_text)
    router.callback_query.register(on_unknown)
    router.errors.register(on_error)
    return router


async def on_unknown(_: TelegramObject, visit: Visit) -> None:
    """A text that is no command and no code, or a button of an older version of this bot."""
    await visit.talk.say(texts.HINT, keyboards.start())


async def on_no_text(_: TelegramObject, visit: Visit) -> None:
    """A photo, a sticker, a voice message."""
    await visit.talk.say(texts.TEXT_ONLY, keyboards.start())


async def on_error(event: ErrorEvent, visit: Visit) -> None:
    """Tell the member. A failure of Telegram's that passes is raised again, so that the update comes back."""
    error = event.exception
    if isinstance(error, PASSING):
        raise error
    if isinstance(error, DependencyUnavailableError):
        log.warning("dependency_unavailable")
        await visit.talk.say(texts.AWAY, keyboards.back())
        return
    if await _is_gone(visit, error):
        log.info("bot_gone")
        return
    log_broken("update_failed", error)
    await visit.talk.say(texts.BROKEN, keyboards.back())


async def _is_gone(visit: Visit, error: BaseException) -> bool:
    """Whether the bot was disconnected a moment ago: it is silent then, as it will be from now on."""
    if not isinstance(error, RemoteProblem) or error.problem_code != NotFoundError.code:
        return False
    try:
        await visit.codes.project_bot(visit.connected.account_id, visit.connected.project_id)
    except RemoteProblem as problem:
        return problem.problem_code == NotFoundError.code
    except DependencyUnavailableError:
        return False
    return False
