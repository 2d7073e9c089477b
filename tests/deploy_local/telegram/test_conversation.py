"""A bot by aiogram and a person by HTTP talk to each other."""

import re

import pytest
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramUnauthorizedError
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from tests.deploy_local.telegram.support import Telegram

MEMBER = 1001


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[button] for button in buttons])


async def test_a_new_bot_has_a_real_looking_token_and_knows_itself(tg: Telegram) -> None:
    answer = await tg.http.post("/sandbox/bots", json={"username": "@Northwind_bot"})
    made = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"\d{10}:AA[A-Za-z0-9_-]{33}", made["token"])
    me = await tg.bot(made["token"]).get_me()
    assert (me.id, me.username, me.is_bot) == (made["id"], "Northwind_bot", True)


async def test_what_a_username_may_be(tg: Telegram) -> None:
    for username in ("north", "bot", "abot", "1north_bot", "a" * 30 + "bot", "north wind_bot", "nörth_bot", ""):
        answer = await tg.http.post("/sandbox/bots", json={"username": username})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed"), username
    for username in ("a_bot", "x" * 29 + "bot"):
        assert (await tg.http.post("/sandbox/bots", json={"username": username})).status_code == 201, username


async def test_a_username_is_taken_in_any_case(tg: Telegram) -> None:
    await tg.make_bot("northwind_bot")
    answer = await tg.http.post("/sandbox/bots", json={"username": "NorthWind_Bot"})
    assert (answer.status_code, answer.json()["code"]) == (409, "username_taken")


async def test_unknown_fields_are_refused(tg: Telegram) -> None:
    answer = await tg.http.post("/sandbox/bots", json={"username": "northwind_bot", "colour": "red"})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"field": "colour", "message": "Extra inputs are not permitted"}]


async def test_an_unknown_token_and_an_unknown_method(tg: Telegram) -> None:
    with pytest.raises(TelegramUnauthorizedError):
        await tg.bot("1234567890:AA" + "x" * 33).get_me()
    bot = await tg.make_bot()
    wrong = await tg.http.get(f"/bot{bot.token[:-1]}{'a' if bot.token[-1] != 'a' else 'b'}/getMe")
    assert (wrong.status_code, wrong.json()) == (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
    unknown = await tg.http.post(f"/bot{bot.token}/sendTelepathy")
    assert (unknown.status_code, unknown.json()["description"]) == (404, "Not Found: method not found")


async def test_a_message_a_press_and_an_edit(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    said = await member.say("/start")
    (update,) = await bot.get_updates(timeout=1)
    assert update.message is not None
    assert update.message.from_user is not None
    assert (update.message.text, update.message.chat.id, update.message.chat.type) == ("/start", MEMBER, "private")
    assert (update.message.message_id, update.message.from_user.id) == (said["message_id"], MEMBER)
    assert [(entity.type, entity.offset, entity.length) for entity in update.message.entities or []] == [("bot_command", 0, 6)]

    sent = await bot.send_message(
        MEMBER,
        "Welcome, <b>friend</b> &amp; co",
        parse_mode=ParseMode.HTML,
        reply_markup=keyboard(
            InlineKeyboardButton(text="Redeem a code", callback_data="redeem"),
            InlineKeyboardButton(text="Site", url="https://example.com/a"),
        ),
    )
    seen = (await member.sees())[-1]
    assert (seen["text"], seen["from_bot"], seen["document"]) == ("Welcome, friend & co", True, None)
    assert [[{k: v for k, v in button.items() if v} for button in row] for row in seen["buttons"]] == [
        [{"text": "Redeem a code", "callback_data": "redeem"}],
        [{"text": "Site", "url": "https://example.com/a"}],
    ]

    pressed = await member.press(sent.message_id, "redeem")
    (update,) = await bot.get_updates(offset=update.update_id + 1, timeout=1)
    query = update.callback_query
    assert query is not None
    assert query.message is not None
    assert (query.id, query.data, query.from_user.id) == (pressed["callback_query_id"], "redeem", MEMBER)
    assert (query.message.message_id, bool(query.chat_instance)) == (sent.message_id, True)
    assert await query.answer("Done", show_alert=True).as_(bot)
    edited = await bot.edit_message_text("Send me the code", chat_id=MEMBER, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert edited.edit_date is not None
    seen = (await member.sees())[-1]
    assert (seen["message_id"], seen["text"], seen["buttons"]) == (sent.message_id, "Send me the code", [])
    assert seen["alert"] == {"text": "Done", "show_alert": True}


async def test_update_ids_and_message_ids_only_grow(tg: Telegram) -> None:
    bot, first, second = await tg.make_bot(), tg.person(1), tg.person(2)
    said = [await person.say("hello") for person in (first, second, first)]
    updates = await bot.get_updates()
    assert [update.update_id - updates[0].update_id for update in updates] == [0, 1, 2]
    assert [message["message_id"] for message in said] == [1, 2, 3]


async def test_bots_are_named_by_username_at_or_id(tg: Telegram) -> None:
    bot = await tg.make_bot()
    for name in ("northwind_bot", "@northwind_bot", "NORTHWIND_BOT", str(bot.id)):
        await tg.person(MEMBER, name).say("hi")
    assert len(await tg.person(MEMBER).sees()) == 4
    answer = await tg.http.get("/sandbox/chats/nobody_bot/1/messages")
    assert (answer.status_code, answer.json()["code"]) == (404, "bot_not_found")


async def test_only_a_button_that_is_there_can_be_pressed(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    sent = await bot.send_message(MEMBER, "Choose", reply_markup=keyboard(InlineKeyboardButton(text="A", callback_data="a")))
    for message_id, data, status, code in [
        (sent.message_id, "b", 409, "button_not_there"),
        (sent.message_id + 1, "a", 404, "message_not_found"),
        (1, "a", 409, "button_not_there"),
    ]:
        answer = await tg.http.post(f"{member.path}/presses", json={"message_id": message_id, "callback_data": data})
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_unknown_query_can_not_be_answered(tg: Telegram) -> None:
    bot = await tg.make_bot()
    for query_id in ("1", "", "abc"):
        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired or query ID is invalid"):
            await bot.answer_callback_query(query_id)


async def test_edits_that_telegram_refuses(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    said = await member.say("/start")
    sent = await bot.send_message(MEMBER, "Hello")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("Hello", chat_id=MEMBER, message_id=sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await bot.edit_message_text("Other", chat_id=MEMBER, message_id=sent.message_id + 1)
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await bot.edit_message_text("Other", chat_id=MEMBER, message_id=said["message_id"])
    document = await bot.send_document(MEMBER, BufferedInputFile(b"a", "a.txt"))
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await bot.edit_message_text("Other", chat_id=MEMBER, message_id=document.message_id)


async def test_buttons_come_and_go(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    sent = await bot.send_message(MEMBER, "Hello")
    markup = keyboard(InlineKeyboardButton(text="A", callback_data="a"))
    await bot.edit_message_reply_markup(chat_id=MEMBER, message_id=sent.message_id, reply_markup=markup)
    assert (await member.sees())[-1]["buttons"][0][0]["callback_data"] == "a"
    await bot.edit_message_reply_markup(chat_id=MEMBER, message_id=sent.message_id)
    assert (await member.sees())[-1]["buttons"] == []


async def test_a_deleted_message_is_gone(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    sent = await bot.send_message(MEMBER, "Hello")
    assert await bot.delete_message(MEMBER, sent.message_id)
    assert [message["text"] for message in await member.sees()] == ["/start"]
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(MEMBER, sent.message_id)
    assert (await bot.send_message(MEMBER, "Again")).message_id == sent.message_id + 1


async def test_a_bot_can_not_write_first(tg: Telegram) -> None:
    bot, other = await tg.make_bot(), await tg.make_bot("other_bot")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(MEMBER, "Hello")
    await tg.person(MEMBER, "other_bot").say("/start")
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(MEMBER, "Hello")
    await other.send_message(MEMBER, "Hello")


async def test_a_blocked_bot_can_not_write_until_it_is_started_again(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    (await tg.http.put(f"{member.path}/block", json={"blocked": True})).raise_for_status()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(MEMBER, "Hello")
    refused = await tg.http.post(f"{member.path}/messages", json={"text": "hello"})
    assert (refused.status_code, refused.json()["code"]) == (409, "bot_blocked")
    await member.say("/start")
    await bot.send_message(MEMBER, "Hello")
    kinds = [update.event_type for update in await bot.get_updates()]
    assert kinds == ["message", "my_chat_member", "my_chat_member", "message"]


START_TEXTS = [
    ("/start code_0123-ABCD", "/start code_0123-ABCD"),
    ("/start " + "a" * 64, "/start " + "a" * 64),
    ("/start " + "a" * 65, "/start"),
    ("/start code=0123", "/start"),
    ("/start zwölf", "/start"),
    ("/start two words", "/start"),
    ("/start@northwind_bot a.b", "/start"),
    ("  /start  abc  ", "/start  abc"),
    ("/starting code=1", "/starting code=1"),
    ("say /start code=1", "say /start code=1"),
]


async def test_a_start_payload_arrives_as_real_apps_deliver_it(tg: Telegram) -> None:
    bot = await tg.make_bot()
    for typed, _ in START_TEXTS:
        await tg.person(MEMBER).say(typed)
    delivered = [update.message.text for update in await bot.get_updates() if update.message]
    assert delivered == [text for _, text in START_TEXTS]


async def test_a_person_can_not_send_nothing_nor_too_much(tg: Telegram) -> None:
    await tg.make_bot()
    for text in ("", "   ", "\n", "\u200b", "a" * 4097):
        answer = await tg.http.post("/sandbox/chats/northwind_bot/1/messages", json={"text": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed"), text


async def test_a_user_id_that_is_none(tg: Telegram) -> None:
    await tg.make_bot()
    for user_id in ("0", "-5", "abc", str(2**52)):
        answer = await tg.http.post(f"/sandbox/chats/northwind_bot/{user_id}/messages", json={"text": "hi"})
        assert answer.status_code == 422, user_id


async def test_names_commands_and_texts(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    profile = {"first_name": "Mila", "last_name": "Novak", "username": "mila_n", "language_code": "cs"}
    (await tg.http.put(f"/sandbox/users/{MEMBER}", json=profile)).raise_for_status()
    await member.say("/start")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert (update.message.from_user.full_name, update.message.from_user.language_code) == ("Mila Novak", "cs")
    commands = [BotCommand(command="start", description="Begin"), BotCommand(command="status", description="My memberships")]
    assert await bot.set_my_commands(commands)
    assert [command.command for command in await bot.get_my_commands()] == ["start", "status"]
    assert await bot.set_my_description("Sells memberships")
    assert await bot.set_my_short_description("Memberships")
    assert await bot.set_my_name("Northwind Club")
    assert (await bot.get_my_description()).description == "Sells memberships"
    (card,) = (await tg.http.get("/sandbox/bots")).json()["bots"]
    assert (card["name"], [command["command"] for command in card["commands"]]) == ("Northwind Club", ["start", "status"])
    assert "token" not in card
    assert (await tg.http.get("/sandbox/bots/northwind_bot")).json()["token"] == bot.token
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="a-b", description="x")])
    assert await bot.send_chat_action(MEMBER, "typing")
    with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
        await bot.send_chat_action(MEMBER, "dancing")


async def test_a_reply_keyboard_and_a_reply(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    markup = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Redeem a code")]], input_field_placeholder="Code")
    sent = await bot.send_message(MEMBER, "Choose", reply_markup=markup)
    seen = (await member.sees())[-1]
    assert seen["keyboard"] == {"kind": "keyboard", "rows": [["Redeem a code"]], "one_time": False, "placeholder": "Code"}
    answer = await tg.http.post(f"{member.path}/messages", json={"text": "ABCD", "reply_to_message_id": sent.message_id})
    answer.raise_for_status()
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.text == "Choose"


async def test_chat_lists_of_a_bot_and_of_a_person(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await tg.make_bot("other_bot")
    await tg.person(1).say("one")
    await tg.person(2).say("two")
    await bot.send_message(1, "hello one")
    chats = (await tg.http.get("/sandbox/chats/northwind_bot")).json()["chats"]
    assert [(chat["user_id"], chat["last_message"]["text"]) for chat in chats] == [(1, "hello one"), (2, "two")]
    mine = (await tg.http.get("/sandbox/users/2/chats")).json()["chats"]
    assert [(chat["bot_username"], chat["messages"]) for chat in mine] == [("northwind_bot", 1), ("other_bot", 0)]
