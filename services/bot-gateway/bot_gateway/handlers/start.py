"""`/start` and what its payload means: a code, the creator's own link, or nothing."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message
from shared.errors import RemoteProblem

from bot_gateway import creator_texts
from bot_gateway.code_form import code_of_payload
from bot_gateway.handlers.home import on_home
from bot_gateway.handlers.redeem import show_preview
from bot_gateway.visit import Visit

OWNER = "owner_"
MAX_LINK_TOKEN = 64


def create_router() -> Router:
    """This file's handlers."""
    router = Router(name="start")
    router.message.register(on_start, Command("start", ignore_case=True))
    return router


async def on_start(message: Message, command: CommandObject, visit: Visit) -> None:
    """The door: every way into the bot begins here."""
    await visit.state.clear()
    payload = (command.args or "").strip()
    if payload.startswith(OWNER):
        await _link_owner(payload.removeprefix(OWNER), visit)
    elif (code := code_of_payload(payload)) is not None:
        await show_preview(visit, code)
    else:
        await on_home(message, visit)


async def _link_owner(link_token: str, visit: Visit) -> None:
    if not 1 <= len(link_token) <= MAX_LINK_TOKEN:
        await visit.answer(creator_texts.OWNER_LINK_UNKNOWN)
        return
    try:
        linked = await visit.link_owner(link_token)
    except RemoteProblem as problem:
        if problem.problem_code != "owner_link_unknown":
            raise
        await visit.answer(creator_texts.OWNER_LINK_UNKNOWN)
    else:
        await visit.answer(creator_texts.linked(linked))
