"""A person writes to a bot, or presses a button."""

import re
import time
from secrets import randbelow

from shared.contracts.base import Json
from shared.errors import FieldError

from memberpass_local.telegram.deliver import notify
from memberpass_local.telegram.entities.compose import plain
from memberpass_local.telegram.models import Bot, CallbackQuery, Message
from memberpass_local.telegram.people.errors import BotBlockedError, ButtonNotThereError, MessageNotFoundError
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.wire import message_of, private_chat, user_of_bot, user_of_person

_START = re.compile(r"^/start(?:@\w+)?\s+(?P<payload>.+)$", re.DOTALL)
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def as_clients_send(text: str) -> str:
    """The text as a real app sends it: a start payload it would not take from a link is dropped (rules.md C11).

    Links carry 1..64 of `A-Za-z0-9_-` (https://core.telegram.org/api/links#bot-links); with anything else the chat opens
    with a plain /start.
    """
    start = _START.match(text.strip())
    if start is None or _PAYLOAD.fullmatch(start.group("payload")):
        return text
    return "/start"


def say(sandbox: Sandbox, bot: Bot, user_id: int, text: str, reply_to: int | None = None) -> Message:
    """A person sends a text; the bot gets a `message` update.

    Raises:
        FieldError: the text is empty.
        MessageNotFoundError: the message that is replied to is not there.
        BotBlockedError: the person has blocked the bot; `/start` unblocks it.
    """
    world = sandbox.world
    formatted = plain(as_clients_send(text))
    if not formatted.text:
        raise FieldError("text", "A message needs at least one visible character.")
    chat = world.chat(bot.id, user_id)
    if reply_to is not None and (chat is None or reply_to not in chat.messages):
        raise MessageNotFoundError(f"There is no message {reply_to} to reply to.")
    if user_id not in world.people:
        world.save_person(world.person(user_id))
    if chat is not None and chat.blocked:
        if not formatted.text.startswith("/start"):
            raise BotBlockedError("Send /start to begin again.")
        block(sandbox, bot, user_id, blocked=False)
    message = Message(
        message_id=world.next_message_id(bot.id),
        sender_id=user_id,
        from_bot=False,
        date=sandbox.unix_now(),
        text=formatted.text,
        entities=formatted.entities,
        reply_to=reply_to,
    )
    world.save_message(bot.id, user_id, message)
    notify(world, bot, "message", message_of(world, bot, user_id, message))
    sandbox.hub.tell("chat", bot=bot.id, chat=user_id, message=message.message_id)
    return message


def press(sandbox: Sandbox, bot: Bot, user_id: int, message_id: int, callback_data: str) -> tuple[str, int | None]:
    """A person presses a button; the bot gets a `callback_query` update. Answers the query's and the update's id.

    Raises:
        MessageNotFoundError: the chat has no such message.
        ButtonNotThereError: the message has no button with this data.
        BotBlockedError: the person has blocked the bot.
    """
    world = sandbox.world
    chat = world.chat(bot.id, user_id)
    message = chat.messages.get(message_id) if chat else None
    if chat is None or message is None:
        raise MessageNotFoundError(f"This chat has no message {message_id}.")
    if chat.blocked:
        raise BotBlockedError("Send /start to begin again.")
    if not any(button.callback_data == callback_data for row in message.buttons for button in row):
        raise ButtonNotThereError(f"Message {message_id} has no button with this callback_data.")
    query = CallbackQuery(
        id=str(10**18 + randbelow(8 * 10**18)), bot_id=bot.id, chat_id=user_id, message_id=message_id, at=time.time()
    )
    world.save_query(query)
    payload: Json = {
        "id": query.id,
        "from": user_of_person(world.person(user_id)),
        "message": message_of(world, bot, user_id, message),
        # The same for one chat with one bot, and for no other.
        "chat_instance": str((bot.id * 0x9E3779B97F4A7C15 ^ user_id * 0xC2B2AE3D27D4EB4F) % 2**63),
        "data": callback_data,
    }
    return query.id, notify(world, bot, "callback_query", payload)


def block(sandbox: Sandbox, bot: Bot, user_id: int, *, blocked: bool) -> None:
    """A person stops a bot or lets it write again; the bot gets a `my_chat_member` update if that changes anything."""
    world = sandbox.world
    chat = world.chat(bot.id, user_id)
    if (chat.blocked if chat else False) == blocked:
        return
    world.set_blocked(bot.id, user_id, blocked=blocked)
    person, user = world.person(user_id), user_of_bot(bot)
    states: list[Json] = [{"user": user, "status": "member"}, {"user": user, "status": "kicked", "until_date": 0}]
    payload: Json = {
        "chat": private_chat(person),
        "from": user_of_person(person),
        "date": sandbox.unix_now(),
        "old_chat_member": states[not blocked],
        "new_chat_member": states[blocked],
    }
    notify(world, bot, "my_chat_member", payload)
    sandbox.hub.tell("chat", bot=bot.id, chat=user_id)
