"""1 message a second a chat, 25 a second a bot (rules.md T3), measured on a loop whose time is ours."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiogram import Bot
from aiogram.methods import EditMessageText, GetMe, Response, SendMessage, TelegramMethod
from bot_gateway import pace as pace_module
from bot_gateway.pace import Pace


class SkippingLoop(asyncio.SelectorEventLoop):
    """Its clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0

    def time(self) -> float:
        return self.jumped

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]  # the base loop's own queues
            self.jumped = max(self.jumped, self._scheduled[0].when() + 1e-6)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def simulate(scene: Callable[[], Awaitable[list[float]]]) -> list[float]:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(scene())  # type: ignore[arg-type]


async def sent_at(pace: Pace, methods: list[TelegramMethod]) -> list[float]:  # type: ignore[type-arg]
    bot, times = Bot("42:token"), []

    async def request(_: Bot, __: TelegramMethod) -> Response:  # type: ignore[type-arg]
        times.append(round(asyncio.get_running_loop().time(), 3))
        return Response(ok=True, result=None)

    await asyncio.gather(*(pace(request, bot, method) for method in methods))
    return times


def message(chat: int) -> SendMessage:
    return SendMessage(chat_id=chat, text="x")


def test_one_a_second_in_a_chat() -> None:
    times = simulate(lambda: sent_at(Pace(chat_rate=1, bot_rate=25), [message(1) for _ in range(4)]))
    assert times == [0, 1, 2, 3]


def test_25_a_second_for_a_bot() -> None:
    times = simulate(lambda: sent_at(Pace(chat_rate=1, bot_rate=25), [message(chat) for chat in range(75)]))
    assert times[24] == 0
    assert times[-1] == pytest.approx(2, abs=0.05)
    assert all(sum(begin <= at < begin + 1 for at in times) <= 50 for begin in times)


def test_edits_and_questions_do_not_wait_for_the_chat() -> None:
    methods: list[TelegramMethod] = [message(1), EditMessageText(chat_id=1, message_id=1, text="y"), GetMe()]  # type: ignore[type-arg]
    assert simulate(lambda: sent_at(Pace(chat_rate=1, bot_rate=25), methods)) == [0, 0, 0]


def test_idle_chats_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "KEEP_CHATS", 3)
    pace = Pace(chat_rate=1, bot_rate=1000)

    async def scene() -> list[float]:
        for chat in range(20):
            await sent_at(pace, [message(chat)])
            await asyncio.sleep(2)
        return []

    simulate(scene)
    assert len(pace._chats) <= 4
