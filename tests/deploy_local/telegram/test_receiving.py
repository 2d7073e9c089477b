"""How updates get to a bot: getUpdates and its conflicts, webhooks with their secret and their retries."""

import asyncio

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from fastapi import Response
from fastapi.responses import JSONResponse

from tests.deploy_local.telegram.support import PATIENCE_SECONDS, Receiver, Telegram, until, until_async

MEMBER = 1001
OTHER_POLL = "terminated by other getUpdates request"


async def test_offset_confirms_what_came_before(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    for text in ("one", "two", "three"):
        await member.say(text)
    first, second, third = await bot.get_updates()
    assert await bot.get_updates(limit=2) == [first, second]
    assert [update.update_id for update in await bot.get_updates(offset=second.update_id)] == [second.update_id, third.update_id]
    assert [update.update_id for update in await bot.get_updates()] == [second.update_id, third.update_id]
    assert await bot.get_updates(offset=third.update_id + 1) == []


async def test_a_negative_offset_asks_for_the_last_ones(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    for text in ("one", "two", "three"):
        await member.say(text)
    (last,) = await bot.get_updates(offset=-1)
    assert last.message is not None
    assert last.message.text == "three"
    assert [update.update_id for update in await bot.get_updates()] == [last.update_id]


async def test_a_long_poll_returns_as_soon_as_something_comes(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    poll = await tg.poll(bot)
    await member.say("hello")
    async with asyncio.timeout(PATIENCE_SECONDS):
        (update,) = await poll
    assert update.message is not None
    assert update.message.text == "hello"


async def test_a_second_poll_ends_the_first(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    first, second = await tg.poll(bot), await tg.poll(bot)
    with pytest.raises(TelegramConflictError, match=OTHER_POLL):
        await first
    await member.say("hello")
    assert len(await second) == 1


async def test_allowed_updates_hold_until_they_are_given_again(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    assert await bot.get_updates(allowed_updates=["callback_query"]) == []
    await member.say("unheard")
    assert await bot.get_updates() == []
    await bot.get_updates(allowed_updates=["message"])
    await member.say("heard")
    assert [update.message.text for update in await bot.get_updates() if update.message] == ["heard"]


async def test_a_webhook_gets_updates_in_order_with_its_secret(tg: Telegram, receiver: Receiver) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("before")
    assert await bot.set_webhook(receiver.url, secret_token="s3cret_-" * 32)
    for number in range(10):
        await member.say(f"message {number}")
    await until(lambda: len(receiver.got) == 11)
    assert [update["message"]["text"] for update, _ in receiver.got] == ["before", *(f"message {n}" for n in range(10))]
    assert receiver.update_ids() == sorted(receiver.update_ids())
    assert {secret for _, secret in receiver.got} == {"s3cret_-" * 32}
    await until_async(lambda: _nothing_pending(tg, bot.token))


async def _nothing_pending(tg: Telegram, token: str) -> bool:
    info = (await tg.http.get(f"/bot{token}/getWebhookInfo")).json()["result"]
    return bool(info["pending_update_count"] == 0)


async def test_an_update_comes_again_until_it_is_taken(tg: Telegram, receiver: Receiver) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    receiver.answers = [
        Response(status_code=500),
        Response(status_code=403),
        Response(status_code=302),
        Response(status_code=204),
    ]
    await bot.set_webhook(receiver.url)
    await member.say("one")
    await member.say("two")
    await until(lambda: len(receiver.got) == 5)
    first, second = receiver.update_ids()[0], receiver.update_ids()[-1]
    assert receiver.update_ids() == [first, first, first, first, second]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 302 Found"


async def test_a_webhook_that_is_away_loses_nothing(tg: Telegram, receiver: Receiver) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await member.say("hello")

    async def failed() -> bool:
        return (await bot.get_webhook_info()).last_error_message is not None

    await until_async(failed)
    info = await bot.get_webhook_info()
    assert (info.pending_update_count, info.last_error_message) == (1, "Connection refused")
    await bot.set_webhook(receiver.url)
    await until(lambda: len(receiver.got) == 1)


async def test_get_updates_conflicts_with_a_webhook(tg: Telegram, receiver: Receiver) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    waiting = await tg.poll(bot)
    await bot.set_webhook(receiver.url)
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook request"):
        await waiting
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    assert await bot.delete_webhook()
    await member.say("hello")
    assert len(await bot.get_updates()) == 1
    assert receiver.got == []


async def test_pending_updates_can_be_dropped(tg: Telegram, receiver: Receiver) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("old")
    await bot.set_webhook(receiver.url, drop_pending_updates=True)
    await member.say("new")
    await until(lambda: len(receiver.got) == 1)
    assert receiver.got[0][0]["message"]["text"] == "new"


REFUSED_WEBHOOKS = [
    ("http://127.0.0.1/hook", "a" * 257, "secret token is too long"),
    ("http://127.0.0.1/hook", "a b", "secret token contains unallowed characters"),
    ("http://127.0.0.1/hook", "ä", "secret token contains unallowed characters"),
    ("nowhere", "a", "invalid webhook URL specified"),
    ("ftp://127.0.0.1/hook", "a", "invalid webhook URL specified"),
]


async def test_webhooks_that_telegram_refuses(tg: Telegram) -> None:
    bot = await tg.make_bot()
    for url, secret, reason in REFUSED_WEBHOOKS:
        with pytest.raises(TelegramBadRequest, match=reason):
            await bot.set_webhook(url, secret_token=secret)


async def test_a_method_in_the_webhooks_answer_is_carried_out(tg: Telegram, receiver: Receiver) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    receiver.answers = [
        JSONResponse({"method": "sendMessage", "chat_id": MEMBER, "text": "from the answer"}),
        JSONResponse({"method": "deleteWebhook"}),
        JSONResponse({"method": "sendMessage", "chat_id": 5, "text": "nobody"}),
        JSONResponse({"ok": True}),
    ]
    await bot.set_webhook(receiver.url)
    for text in ("one", "two", "three", "four"):
        await member.say(text)
    await until(lambda: len(receiver.got) == 4)
    assert "from the answer" in [message["text"] for message in await member.sees()]
    assert (await bot.get_webhook_info()).url == receiver.url
