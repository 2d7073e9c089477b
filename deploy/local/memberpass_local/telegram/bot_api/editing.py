"""editMessageText, editMessageCaption, editMessageReplyMarkup, deleteMessage, deleteMessages."""

from memberpass_local.telegram.bot_api.call import Answer, Call
from memberpass_local.telegram.entities.compose import compose_caption, compose_text
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.markup import read_markup
from memberpass_local.telegram.models import Button, Message
from memberpass_local.telegram.wire import message_of

_DELETABLE_SECONDS = 48 * 3600
_MAX_DELETED_AT_ONCE = 100
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


async def edit_message_text(call: Call) -> Answer:
    """Change a text the bot wrote. Buttons that are not given again go."""
    arguments = call.arguments
    chat_id, message = _editable(call)
    formatted = compose_text(arguments.text("text"), arguments.text("parse_mode"), arguments.entities("entities"))
    if message.file is not None:
        raise BotApiError.bad_request("there is no text in the message to edit")
    return _save(call, chat_id, message, {"text": formatted.text, "entities": formatted.entities, "buttons": _buttons(call)})


async def edit_message_caption(call: Call) -> Answer:
    """Change the caption of a file the bot sent."""
    arguments = call.arguments
    chat_id, message = _editable(call)
    formatted = compose_caption(arguments.text("caption"), arguments.text("parse_mode"), arguments.entities("caption_entities"))
    if message.file is None:
        raise BotApiError.bad_request("there is no caption in the message to edit")
    return _save(call, chat_id, message, {"text": formatted.text, "entities": formatted.entities, "buttons": _buttons(call)})


async def edit_message_reply_markup(call: Call) -> Answer:
    """Change or take away the buttons under a message of the bot."""
    chat_id, message = _editable(call)
    return _save(call, chat_id, message, {"buttons": _buttons(call)})


async def delete_message(call: Call) -> Answer:
    """Delete a message of either side, not older than 48 hours."""
    chat_id, chat = call.chat()
    message = chat.messages.get(call.arguments.number("message_id"))
    if message is None:
        raise BotApiError.bad_request("message to delete not found")
    if call.sandbox.unix_now() - message.date > _DELETABLE_SECONDS:
        raise BotApiError.bad_request("message can't be deleted for everyone")
    _delete(call, chat_id, message.message_id)
    return Answer(result=True)


async def delete_messages(call: Call) -> Answer:
    """Delete 1..100 messages; those that can't be found are skipped."""
    chat_id, chat = call.chat()
    wanted = call.arguments.json("message_ids", "message identifiers")
    if not isinstance(wanted, list) or not wanted:
        raise BotApiError.bad_request("message identifiers are not specified")
    if len(wanted) > _MAX_DELETED_AT_ONCE:
        raise BotApiError.bad_request("too many message identifiers specified")
    for message_id in wanted:
        if message_id in chat.messages:
            _delete(call, chat_id, message_id)
    return Answer(result=True)


def _delete(call: Call, chat_id: int, message_id: int) -> None:
    call.sandbox.world.delete_message(call.bot.id, chat_id, message_id)
    call.sandbox.hub.tell("chat", bot=call.bot.id, chat=chat_id)


def _editable(call: Call) -> tuple[int, Message]:
    if call.arguments.text("inline_message_id"):
        raise BotApiError.bad_request("MESSAGE_ID_INVALID")
    chat_id, chat = call.chat()
    message = chat.messages.get(call.arguments.number("message_id"))
    if message is None:
        raise BotApiError.bad_request("message to edit not found")
    if not message.from_bot:
        raise BotApiError.bad_request("message can't be edited")
    return chat_id, message


def _buttons(call: Call) -> list[list[Button]]:
    markup = read_markup(call.arguments.json("reply_markup", "reply keyboard markup"))
    if markup.keyboard is not None:
        raise BotApiError.bad_request("inline keyboard expected")
    return markup.buttons


def _save(call: Call, chat_id: int, message: Message, changes: dict[str, object]) -> Answer:
    sandbox = call.sandbox
    edited = message.model_copy(update=changes)
    if edited == message:
        raise BotApiError.bad_request(_NOT_MODIFIED)
    sandbox.limits.count_message(call.bot.id, chat_id)
    edited = edited.model_copy(update={"edit_date": sandbox.unix_now()})
    sandbox.world.save_message(call.bot.id, chat_id, edited)
    sandbox.hub.tell("chat", bot=call.bot.id, chat=chat_id, message=message.message_id)
    return Answer(message_of(sandbox.world, call.bot, chat_id, edited))
