"""A SIGKILL and a new start lose nothing that was answered."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiogram.exceptions import TelegramConflictError
from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup
from memberpass_local.telegram.journal import Journal, JournalDamagedError
from memberpass_local.telegram.settings import TelegramSettings
from memberpass_local.telegram.world import World

from tests.deploy_local.telegram.support import NO_TLS, Receiver, Telegram, Ticks, telegram, until, until_async

MEMBER = 1001


async def test_a_restart_brings_everything_back(tmp_path: Path, receiver: Receiver) -> None:
    settings = TelegramSettings(state_dir=tmp_path)
    async with telegram(settings) as tg:
        bot, member = await tg.make_bot(), tg.person(MEMBER)
        token = bot.token
        await member.say("/start")
        (update,) = await bot.get_updates()
        button = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A", callback_data="a")]])
        kept = await bot.send_message(MEMBER, "<b>Choose</b>", parse_mode="HTML", reply_markup=button)
        gone = await bot.send_message(MEMBER, "gone")
        await bot.delete_message(MEMBER, gone.message_id)
        await bot.edit_message_text("Chosen", chat_id=MEMBER, message_id=kept.message_id, reply_markup=button)
        await bot.send_document(MEMBER, BufferedInputFile(b"a,b\r\n", "codes.csv"))
        await bot.get_updates(offset=update.update_id + 1)
        await member.say("unread")
        before = await member.sees()
        (group,) = [(await tg.http.post("/sandbox/groups", json={"title": "Gold", "bot": "northwind_bot"})).json()]
    async with telegram(settings) as tg:
        bot, member = tg.bot(token), tg.person(MEMBER)
        after = await member.sees()
        assert [{**message, "document": None} for message in after] == [{**message, "document": None} for message in before]
        url = httpx.URL(after[2]["document"]["url"])
        assert (await tg.http.get(url.path)).content == b"a,b\r\n"
        updates = await bot.get_updates()
        assert [update.message.text for update in updates if update.message] == ["unread"]
        assert updates[0].update_id > update.update_id
        await member.press(kept.message_id, "a")
        sent = await bot.send_message(MEMBER, "next")
        assert sent.message_id == before[-1]["message_id"] + 1
        assert (await bot.get_chat(group["chat_id"])).title == "Gold"
        await bot.set_webhook(receiver.url, secret_token="abc")
        await until(lambda: len(receiver.got) == 3)
    async with telegram(settings) as tg:
        await tg.person(MEMBER).say("after the restart")
        await until(lambda: len(receiver.got) == 4)
        assert receiver.got[-1][1] == "abc"


async def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    settings = TelegramSettings(state_dir=tmp_path)
    async with telegram(settings) as tg:
        await tg.make_bot()
        await tg.person(MEMBER).say("whole")
    journal = tmp_path / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op":"message","bot":1,"da')
    async with telegram(settings) as tg:
        assert [message["text"] for message in await tg.person(MEMBER).sees()] == ["whole"]
        await tg.person(MEMBER).say("next")
    async with telegram(settings) as tg:
        assert [message["text"] for message in await tg.person(MEMBER).sees()] == ["whole", "next"]


@pytest.mark.parametrize("damage", [b"not json\n", b'{"op":"unheard of"}\n', b'{"op":"unheard","data":{}}\n'])
def test_a_damaged_journal_is_not_started_on(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "journal.jsonl").write_bytes(damage + b'{"op":"blocked","bot":1,"chat":2,"blocked":true}\n')
    with pytest.raises(JournalDamagedError):
        World(Journal(tmp_path)).load()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def process(port: int, state: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Telegram]]:
    command = [sys.executable, "-m", "memberpass_local.telegram", "--port", str(port), "--state", str(state)]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, verify=NO_TLS) as http:
            tg = Telegram(url, http, Ticks())

            async def ready() -> bool:
                try:
                    return (await http.get("/readyz")).is_success
                except httpx.TransportError:
                    return False

            await until_async(ready)
            yield running, tg
            await tg.close()
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def test_sigkill_in_the_middle_of_messages_loses_none_that_was_answered(tmp_path: Path) -> None:
    port, answered = free_port(), []
    async with process(port, tmp_path) as (running, tg):
        bot = await tg.make_bot()
        token = bot.token
        poll = asyncio.create_task(bot.get_updates(timeout=50))

        async def chatter() -> None:
            for number in range(10_000):
                await tg.person(MEMBER).say(f"message {number}")
                answered.append(f"message {number}")

        chatting = asyncio.create_task(chatter())
        await until(lambda: len(answered) >= 50)
        running.send_signal(signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            await chatting
        await asyncio.gather(poll, return_exceptions=True)
    async with process(port, tmp_path) as (running, tg):
        texts = [message["text"] for message in await tg.person(MEMBER).sees()]
        assert texts[: len(answered)] == answered
        assert len(texts) <= len(answered) + 1
        assert (await tg.bot(token).get_updates(limit=1))[0].message is not None


async def test_sigterm_does_not_wait_for_open_pages_and_long_polls(tmp_path: Path) -> None:
    async with process(free_port(), tmp_path) as (running, tg):
        bot = await tg.make_bot()
        polls = [asyncio.create_task(bot.get_updates(timeout=50)) for _ in range(2)]
        # The conflict of one tells that the other one waits.
        ended, waiting = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
        assert (len(ended), len(waiting)) == (1, 1)
        async with tg.http.stream("GET", "/sandbox/events") as page:
            lines = page.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            running.terminate()
            async with asyncio.timeout(30):
                await running.wait()
            assert [line async for line in lines if line] == []
        assert running.returncode in (0, -signal.SIGTERM)
        assert (await asyncio.gather(*waiting)) == [[]]
        assert isinstance((await asyncio.gather(*ended, return_exceptions=True))[0], TelegramConflictError)
