"""A code: asked for, typed, looked at, redeemed. codes-api decides; here its answers become messages."""

from typing import Any

from aiogram import F, Router
from aiogram.filters import Command, Filter, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message, User
from shared.clients.codes import CodesClient
from shared.contracts.bots import ConnectedBot
from shared.contracts.redemptions import MAX_TYPED, TypedCode
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.code_form import bare_code, find_code
from bot_gateway.refusals import refusal
from bot_gateway.talk import Talk

log = get_logger(__name__)


class Redeeming(StatesGroup):
    """The member was asked for a code; whatever they write next is meant as one."""

    waiting_for_code = State()


class HoldsCode(Filter):
    """A message that has the form of a code (`rules.md` T1). Hands `code` on."""

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        """Whether there is one."""
        code = find_code(message.text) if message.text else None
        return {"code": code} if code else False


async def on_ask(_: Message, talk: Talk, state: FSMContext) -> None:
    """Ask for the code."""
    await _ask(talk, state)


async def on_ask_button(query: CallbackQuery, talk: Talk, state: FSMContext) -> None:
    """Ask for the code, in a message of its own: it stands next to where the member types."""
    await talk.acknowledge(query.id)
    await _ask(talk, state)


async def on_code(
    _: Message, code: str, member: User, talk: Talk, codes: CodesClient, connected: ConnectedBot, state: FSMContext
) -> None:
    """A typed code is redeemed at once (`spec/access-codes.txt`, "How subscribers redeem")."""
    await _redeem(talk, codes, connected, member, state, code, in_place_of=None)


async def on_answer(
    message: Message, member: User, talk: Talk, codes: CodesClient, connected: ConnectedBot, state: FSMContext
) -> None:
    """The answer to "send me your code" that has not quite its form: codes-api says what is wrong with it."""
    text = (message.text or "").strip()
    if not 1 <= len(text) <= MAX_TYPED:
        await talk.say(texts.ASK, keyboards.back())
        return
    await _redeem(talk, codes, connected, member, state, text, in_place_of=None)


async def on_confirm(query: CallbackQuery, talk: Talk, codes: CodesClient, connected: ConnectedBot, state: FSMContext) -> None:
    """The confirm button. Pressed twice it gives the same membership (`rules.md` C6)."""
    await talk.acknowledge(query.id)
    if (code := keyboards.code_of(query.data)) is not None:
        await _redeem(talk, codes, connected, query.from_user, state, code, in_place_of=_message_id(query))


async def on_preview_again(query: CallbackQuery, talk: Talk, codes: CodesClient, connected: ConnectedBot) -> None:
    """The code of a link once more, after codes-api was away."""
    await talk.acknowledge(query.id)
    if (code := keyboards.code_of(query.data)) is not None:
        await show_preview(talk, codes, connected, query.from_user, code, in_place_of=_message_id(query))


async def show_preview(
    talk: Talk, codes: CodesClient, connected: ConnectedBot, member: User, code: str, *, in_place_of: int | None
) -> None:
    """What the code would give, and one confirm button (`rules.md` T1)."""
    typed = TypedCode(text=code[:MAX_TYPED], telegram_id=member.id)
    try:
        found = await codes.preview_code(connected.account_id, connected.project_id, typed)
    except RemoteProblem as problem:
        log.info("code_refused", code=problem.problem_code)
        await talk.replace(in_place_of, refusal(problem), keyboards.after_refusal())
    except DependencyUnavailableError:
        whole = bare_code(code)
        await talk.replace(in_place_of, texts.AWAY, keyboards.preview_again(whole) if whole else keyboards.back())
    else:
        await talk.replace(in_place_of, texts.preview(found), keyboards.confirm(found.code))


async def _ask(talk: Talk, state: FSMContext) -> None:
    await state.set_state(Redeeming.waiting_for_code)
    await talk.say(texts.ASK, keyboards.back())


async def _redeem(
    talk: Talk,
    codes: CodesClient,
    connected: ConnectedBot,
    member: User,
    state: FSMContext,
    text: str,
    *,
    in_place_of: int | None,
) -> None:
    typed = TypedCode(text=text, telegram_id=member.id)
    try:
        result = await codes.redeem(connected.account_id, connected.project_id, typed)
    except RemoteProblem as problem:
        log.info("code_refused", code=problem.problem_code)
        await talk.replace(in_place_of, refusal(problem), keyboards.after_refusal())
    except DependencyUnavailableError:
        whole = bare_code(text)
        await talk.replace(in_place_of, texts.AWAY, keyboards.redeem_again(whole) if whole else keyboards.back())
    else:
        await state.clear()
        await talk.replace(in_place_of, texts.redeemed(result), keyboards.after_redeeming())


def _message_id(query: CallbackQuery) -> int | None:
    return query.message.message_id if query.message else None


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="redeem")
    router.message.register(on_ask, Command("redeem", ignore_case=True))
    router.callback_query.register(on_ask_button, F.data == keyboards.ASK)
    router.message.register(on_code, HoldsCode(), F.from_user.as_("member"))
    router.message.register(
        on_answer, StateFilter(Redeeming.waiting_for_code), F.text, ~F.text.startswith("/"), F.from_user.as_("member")
    )
    router.callback_query.register(on_confirm, F.data.startswith(keyboards.REDEEM))
    router.callback_query.register(on_preview_again, F.data.startswith(keyboards.PREVIEW))
    return router
