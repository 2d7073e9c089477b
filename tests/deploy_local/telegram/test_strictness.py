"""What the real Bot API refuses, this one refuses in the same words."""

import asyncio

import pytest
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge, TelegramRetryAfter, TelegramServerError
from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from tests.deploy_local.telegram.support import Telegram

MEMBER = 1001


async def started(tg: Telegram) -> None:
    await tg.person(MEMBER).say("/start")


def markup(text: str, callback_data: str | None = None, url: str | None = None) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=callback_data, url=url)]])


async def test_a_text_has_1_to_4096_characters_after_parsing(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    assert len((await bot.send_message(MEMBER, "a" * 4096)).text or "") == 4096
    await bot.send_message(MEMBER, f"<b>{'a' * 4096}</b>", parse_mode=ParseMode.HTML)
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message(MEMBER, "a" * 4097)
    with pytest.raises(TelegramBadRequest, match="message text is empty"):
        await bot.send_message(MEMBER, "")
    for blank in ("  ", "\n\n", "<b> </b>"):
        with pytest.raises(TelegramBadRequest, match="text must be non-empty"):
            await bot.send_message(MEMBER, blank, parse_mode=ParseMode.HTML)


async def test_a_caption_has_at_most_1024_characters(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    file = BufferedInputFile(b"a", "a.txt")
    await bot.send_document(MEMBER, file, caption="a" * 1024)
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await bot.send_document(MEMBER, file, caption="a" * 1025)


async def test_broken_html(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    with pytest.raises(TelegramBadRequest) as refused:
        await bot.send_message(MEMBER, "1 <b>2", parse_mode=ParseMode.HTML)
    assert refused.value.message == "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""


async def test_a_parse_mode_that_is_none(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    with pytest.raises(TelegramBadRequest, match="unsupported parse_mode"):
        await bot.send_message(MEMBER, "x", parse_mode="BBCode")


async def test_entities_instead_of_markup(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    sent = await bot.send_message(MEMBER, "🎟 code", entities=[MessageEntity(type="code", offset=3, length=4)])
    assert [(entity.type, entity.offset, entity.length) for entity in sent.entities or []] == [("code", 3, 4)]
    for offset, length in ((1, 2), (3, 40), (99, 1)):
        with pytest.raises(TelegramBadRequest, match="entity begin"):
            await bot.send_message(MEMBER, "🎟 code", entities=[MessageEntity(type="code", offset=offset, length=length)])


async def test_callback_data_has_1_to_64_bytes(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    await bot.send_message(MEMBER, "x", reply_markup=markup(text="A", callback_data="a" * 64))
    await bot.send_message(MEMBER, "x", reply_markup=markup(text="A", callback_data="ä" * 32))
    for data in ("a" * 65, "ä" * 33):
        with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
            await bot.send_message(MEMBER, "x", reply_markup=markup(text="A", callback_data=data))
    with pytest.raises(TelegramBadRequest, match="Text buttons are unallowed in the inline keyboard"):
        await bot.send_message(MEMBER, "x", reply_markup=markup(text="A"))
    with pytest.raises(TelegramBadRequest, match="inline keyboard button text must be non-empty"):
        await bot.send_message(MEMBER, "x", reply_markup=markup(text=" ", callback_data="a"))


GOOD_ADDRESSES = (
    "https://t.me/northwind_bot?start=code_1",
    "http://127.0.0.1:8003/portal",
    "example.com",
    "tg://resolve?domain=northwind_bot",
)
BAD_ADDRESSES = ("http://localhost:8003", "ftp://example.com", "https://exa mple.com", "javascript:alert(1)")


async def test_button_addresses(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    for url in GOOD_ADDRESSES:
        await bot.send_message(MEMBER, "x", reply_markup=markup(text="A", url=url))
    for url in BAD_ADDRESSES:
        with pytest.raises(TelegramBadRequest, match="is invalid: Wrong HTTP URL"):
            await bot.send_message(MEMBER, "x", reply_markup=markup(text="A", url=url))


async def test_a_keyboard_has_at_most_100_buttons(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    rows = [[InlineKeyboardButton(text=str(n), callback_data=str(n))] for n in range(101)]
    await bot.send_message(MEMBER, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows[:100]))
    with pytest.raises(TelegramBadRequest, match="reply markup is too long"):
        await bot.send_message(MEMBER, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))


async def test_one_chat_gets_20_messages_in_10_seconds(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    for number in range(20):
        await bot.send_message(MEMBER, f"message {number}")
        tg.ticks.now += 0.1
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(MEMBER, "one too many")
    assert refused.value.retry_after == 8
    tg.ticks.now += 7.9
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(MEMBER, "still too early")
    tg.ticks.now += 0.1
    await bot.send_message(MEMBER, "welcome again")
    assert [message["text"] for message in await tg.person(MEMBER).sees()][-2:] == ["message 19", "welcome again"]


async def test_one_bot_sends_30_messages_a_second(tg: Telegram) -> None:
    bot = await tg.make_bot()
    for member in range(1, 32):
        await tg.person(member).say("/start")
    for member in range(1, 31):
        await bot.send_message(member, "hello")
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(31, "hello")
    assert refused.value.retry_after == 1
    tg.ticks.now += 1
    await bot.send_message(31, "hello")


async def test_one_message_a_second_is_never_refused(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    for _ in range(60):
        await bot.send_message(MEMBER, "hello")
        tg.ticks.now += 1


async def test_failures_made_to_order(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    await tg.set(
        fail_next=[
            {"method": "sendmessage", "status": 429, "retry_after": 7},
            {"method": "sendMessage", "bot": "@northwind_bot", "status": 500, "times": 2, "after": True},
            {"method": "sendMessage", "bot": "other_bot"},
        ]
    )
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(MEMBER, "one")
    assert refused.value.retry_after == 7
    for text in ("two", "three"):
        with pytest.raises(TelegramServerError):
            await bot.send_message(MEMBER, text)
    await bot.send_message(MEMBER, "four")
    assert [message["text"] for message in await tg.person(MEMBER).sees()] == ["/start", "two", "three", "four"]
    left = (await tg.http.get("/sandbox/settings")).json()["fail_next"]
    assert [failure["bot"] for failure in left] == ["other_bot"]


async def test_a_call_that_hangs(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    await tg.set(fail_next=[{"method": "sendMessage", "hang_seconds": 600}])
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.05):
            await bot.send_message(MEMBER, "lost")
    await bot.send_message(MEMBER, "sent")


async def test_settings_refuse_what_they_do_not_know(tg: Telegram) -> None:
    answer = await tg.http.post("/sandbox/settings", json={"fail_next": [{"status": 418}]})
    assert answer.status_code == 422
    answer = await tg.http.post("/sandbox/settings", json={"speed": 1})
    assert answer.status_code == 422


async def test_a_file_over_50_megabytes(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await started(tg)
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(MEMBER, BufferedInputFile(bytes(50 * 1024 * 1024 + 1), "big.bin"))
