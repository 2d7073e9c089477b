"""`/start` without a code, and the way back to it; `/status`; `/help`."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message, User
from shared.clients.codes import CodesClient
from shared.contracts.bots import ConnectedBot
from shared.contracts.redemptions import MemberView

from bot_gateway import keyboards, texts
from bot_gateway.talk import Talk


async def show_home(talk: Talk, codes: CodesClient, connected: ConnectedBot, member: User, *, in_place_of: int | None) -> None:
    """The plan list, the member's memberships, the redeem button (`rules.md` T1)."""
    view = await _view(codes, connected, member)
    await talk.replace(in_place_of, texts.start(connected.project_name, view), keyboards.start())


async def on_home(query: CallbackQuery, talk: Talk, codes: CodesClient, connected: ConnectedBot, state: FSMContext) -> None:
    """Back to the plan list, in the same message."""
    await talk.acknowledge(query.id)
    await state.clear()
    await show_home(talk, codes, connected, query.from_user, in_place_of=_message_id(query))


async def on_status(_: Message, member: User, talk: Talk, codes: CodesClient, connected: ConnectedBot, state: FSMContext) -> None:
    """The member's memberships as a new message."""
    await state.clear()
    await talk.say(texts.status(await _view(codes, connected, member)), keyboards.status())


async def on_status_button(query: CallbackQuery, talk: Talk, codes: CodesClient, connected: ConnectedBot) -> None:
    """The member's memberships, in the same message."""
    await talk.acknowledge(query.id)
    view = await _view(codes, connected, query.from_user)
    await talk.replace(_message_id(query), texts.status(view), keyboards.status())


async def on_help(_: Message, talk: Talk, state: FSMContext) -> None:
    """How it works."""
    await state.clear()
    await talk.say(texts.HELP, keyboards.start())


async def _view(codes: CodesClient, connected: ConnectedBot, member: User) -> MemberView:
    return await codes.member_view(connected.account_id, connected.project_id, member.id)


def _message_id(query: CallbackQuery) -> int | None:
    return query.message.message_id if query.message else None


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="home")
    router.callback_query.register(on_home, F.data == keyboards.HOME)
    router.message.register(on_status, Command("status", ignore_case=True), F.from_user.as_("member"))
    router.callback_query.register(on_status_button, F.data == keyboards.STATUS)
    router.message.register(on_help, Command("help", ignore_case=True))
    return router
