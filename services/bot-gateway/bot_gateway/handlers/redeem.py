"""A code: asked for, typed, looked at, redeemed. codes-api decides; here its answers become messages."""

from typing import Any

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, Filter, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message, TelegramObject
from shared.contracts.redemptions import MAX_TYPED
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.code_form import LONGEST_IN_A_BUTTON, button_code, find_code, imported_form
from bot_gateway.refusals import is_refusal, refusal
from bot_gateway.visit import Visit

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


class HoldsImportedCode(Filter):
    """A message that is a code of another system, which only codes-api can tell from a word. Hands `code` on.

    With codes-api away it is taken for a word: the hint that follows leads to the button.
    """

    async def __call__(self, message: Message, visit: Visit) -> bool | dict[str, Any]:
        """Whether it is one."""
        text = (message.text or "").strip()
        if not imported_form(text):
            return False
        try:
            return {"code": text} if await visit.knows(text) else False
        except DependencyUnavailableError:
            return False


def create_router() -> Router:
    """This file's handlers, in the order in which they are asked."""
    router = Router(name="redeem")
    router.message.register(on_command, Command("redeem", ignore_case=True))
    router.callback_query.register(on_ask, F.data == keyboards.ASK)
    router.message.register(on_code, HoldsCode())
    router.message.register(on_answer, StateFilter(Redeeming.waiting_for_code), F.text, ~F.text.startswith("/"))
    router.message.register(on_code, HoldsImportedCode())
    router.callback_query.register(on_confirm, F.data.startswith(keyboards.REDEEM))
    router.callback_query.register(on_preview_again, F.data.startswith(keyboards.PREVIEW))
    return router


async def on_command(message: Message, command: CommandObject, visit: Visit) -> None:
    """`/redeem`, or `/redeem` with the code behind it."""
    text = (command.args or "").strip()
    if 1 <= len(text) <= MAX_TYPED:
        await _redeem(visit, text)
    else:
        await on_ask(message, visit)


async def on_ask(_: TelegramObject, visit: Visit) -> None:
    """Ask for the code, always in a message of its own: it stands next to where the member types."""
    await visit.state.set_state(Redeeming.waiting_for_code)
    await visit.talk.say(texts.ASK, keyboards.back())


async def on_code(_: Message, code: str, visit: Visit) -> None:
    """A typed code is redeemed at once (`spec/access-codes.txt`, "How subscribers redeem")."""
    await _redeem(visit, code)


async def on_answer(message: Message, visit: Visit) -> None:
    """The answer to "send me your code" that has not quite its form: codes-api says what is wrong with it."""
    text = (message.text or "").strip()
    if 1 <= len(text) <= MAX_TYPED:
        await _redeem(visit, text)
    else:
        await visit.answer(texts.ASK, keyboards.back())


async def on_confirm(query: CallbackQuery, visit: Visit) -> None:
    """The confirm button. Pressed twice it gives the same membership (`rules.md` C6)."""
    if (code := keyboards.code_of(query.data)) is not None:
        await _redeem(visit, code)


async def on_preview_again(query: CallbackQuery, visit: Visit) -> None:
    """The code of a link once more, after codes-api was away."""
    if (code := keyboards.code_of(query.data)) is not None:
        await show_preview(visit, code)


async def show_preview(visit: Visit, code: str) -> None:
    """What the code would give, and one confirm button (`rules.md` T1); what it gave, if it was this member's (C6)."""
    try:
        found = await visit.preview(code[:MAX_TYPED])
    except RemoteProblem as problem:
        await _refuse(visit, problem)
    except DependencyUnavailableError:
        whole = button_code(code)
        await visit.answer(texts.AWAY, keyboards.preview_again(whole) if whole else keyboards.back())
    else:
        if found.repeated:
            await _redeem(visit, found.code)
            return
        if len(found.code) > LONGEST_IN_A_BUTTON:  # no link of ours: it has to be typed
            await visit.state.set_state(Redeeming.waiting_for_code)
            await visit.answer(texts.ASK, keyboards.back())
            return
        buttons = keyboards.after_redeeming() if found.already_lifetime else keyboards.confirm(found.code)
        await visit.answer(texts.preview(found), buttons)


async def _redeem(visit: Visit, text: str) -> None:
    try:
        result = await visit.redeem(text)
    except RemoteProblem as problem:
        await _refuse(visit, problem)
    except DependencyUnavailableError:
        whole = button_code(text)
        await visit.answer(texts.AWAY, keyboards.redeem_again(whole) if whole else keyboards.back())
    else:
        await visit.state.clear()
        await visit.answer(texts.redeemed(result), keyboards.after_redeeming(await visit.ways_in()))


async def _refuse(visit: Visit, problem: RemoteProblem) -> None:
    if not is_refusal(problem):
        raise problem
    log.info("code_refused", code=problem.problem_code)
    await visit.answer(refusal(problem), keyboards.after_refusal())
