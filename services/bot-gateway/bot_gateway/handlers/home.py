"""The plan list, the member's memberships, the help page."""

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
    router.message.register(on_help, Command("help", ignore_case=True))
    return router


async def on_home(_: TelegramObject, visit: Visit) -> None:
    """The plan list, the member's memberships, the redeem button (`rules.md` T1)."""
    await visit.state.clear()
    await visit.answer(texts.start(visit.connected.project_name, await visit.view()), keyboards.start())


async def on_status(_: TelegramObject, visit: Visit) -> None:
    """The member's memberships."""
    await visit.state.clear()
    await visit.answer(texts.status(await visit.view()), keyboards.status())


async def on_help(_: TelegramObject, visit: Visit) -> None:
    """How it works."""
    await visit.state.clear()
    await visit.answer(texts.HELP, keyboards.start())
