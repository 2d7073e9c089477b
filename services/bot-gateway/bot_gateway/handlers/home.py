"""The plan list, the member's memberships, the links into the chats, the help page."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import TelegramObject

from bot_gateway import keyboards, texts
from bot_gateway.visit import Visit


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="home")
    router.callback_query.register(on_home, F.data == keyboards.HOME)
    router.message.register(on_status, Command("status", ignore_case=True))
    router.callback_query.register(on_status, F.data == keyboards.STATUS)
    router.callback_query.register(on_join, F.data == keyboards.JOIN)
    router.message.register(on_help, Command("help", ignore_case=True))
    return router


async def on_home(_: TelegramObject, visit: Visit) -> None:
    """The plan list, the member's memberships, the redeem button (`rules.md` T1)."""
    await visit.state.clear()
    await visit.answer(texts.start(visit.connected.project_name, await visit.view()), keyboards.start())


async def on_status(_: TelegramObject, visit: Visit) -> None:
    """The member's memberships."""
    await visit.state.clear()
    view = await visit.view()
    chats = visit.connected.has_chats and bool(view.memberships)
    await visit.answer(texts.status(view), keyboards.status(chats=chats))


async def on_join(_: TelegramObject, visit: Visit) -> None:
    """New links into the project's chats; those that were made before are good no more (`rules.md` T5)."""
    ways = await visit.ways_in(fresh=True)
    if ways.links:
        text = texts.WAYS
    elif ways.missing:
        text = texts.NO_WAY
    else:
        text = texts.ALL_IN if ways.found else texts.NOTHING_TO_JOIN
    await visit.answer(text, keyboards.joining(ways))


async def on_help(_: TelegramObject, visit: Visit) -> None:
    """How it works."""
    await visit.state.clear()
    await visit.answer(texts.HELP, keyboards.start())
