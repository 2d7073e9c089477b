"""`/start` and what its payload means: a code, the creator's own link, or nothing."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import Message, User
from shared.clients.codes import CodesClient
from shared.contracts.bots import ConnectedBot, LinkOwnerChat
from shared.errors import RemoteProblem

from bot_gateway import creator_texts, texts
from bot_gateway.code_form import code_of_payload
from bot_gateway.handlers.home import show_home
from bot_gateway.handlers.redeem import show_preview
from bot_gateway.talk import Talk

OWNER = "owner_"
MAX_LINK_TOKEN = 64


async def on_start(
    message: Message,
    command: CommandObject,
    member: User,
    talk: Talk,
    codes: CodesClient,
    connected: ConnectedBot,
    state: FSMContext,
) -> None:
    """The door: every way into the bot begins here."""
    await state.clear()
    payload = (command.args or "").strip()
    if payload.startswith(OWNER):
        await _link_owner(payload.removeprefix(OWNER), message.chat.id, talk, codes, connected)
    elif (code := code_of_payload(payload)) is not None:
        await show_preview(talk, codes, connected, member, code, in_place_of=None)
    else:
        await show_home(talk, codes, connected, member, in_place_of=None)


async def _link_owner(token: str, chat_id: int, talk: Talk, codes: CodesClient, connected: ConnectedBot) -> None:
    if not 1 <= len(token) <= MAX_LINK_TOKEN:
        await talk.say(creator_texts.OWNER_LINK_UNKNOWN)
        return
    link = LinkOwnerChat(link_token=token, chat_id=chat_id)
    try:
        answer = await codes.link_owner_chat(connected.account_id, connected.project_id, link)
    except RemoteProblem as problem:
        known = problem.problem_code == "owner_link_unknown"
        await talk.say(creator_texts.OWNER_LINK_UNKNOWN if known else texts.BROKEN)
        if not known:
            raise
        return
    await talk.say(creator_texts.linked(answer))


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="start")
    router.message.register(on_start, Command("start", ignore_case=True), F.from_user.as_("member"))
    return router
