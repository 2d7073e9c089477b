"""sendMessage, sendDocument, sendPhoto, sendChatAction."""

import mimetypes
from pathlib import PurePosixPath
from secrets import token_urlsafe
from typing import Literal

from memberpass_local.telegram.bot_api.call import Answer, Call
from memberpass_local.telegram.bot_api.images import image_size
from memberpass_local.telegram.entities.compose import Formatted, compose_caption, compose_text
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.markup import Markup, read_markup
from memberpass_local.telegram.models import Message, StoredFile
from memberpass_local.telegram.wire import message_of

_ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip
_MAX_PHOTO_BYTES = 10 * 1024 * 1024
_MAX_FILE_NAME = 255


async def send_message(call: Call) -> Answer:
    """Write a text. 1..4096 characters after parsing."""
    arguments = call.arguments
    chat_id, _ = call.chat()
    formatted = compose_text(arguments.text("text"), arguments.text("parse_mode"), arguments.entities("entities"))
    return _send(call, chat_id, formatted, _markup(call), None)


async def send_document(call: Call) -> Answer:
    """Send a file of 50 MB at most, with a caption of 1024 characters at most."""
    return await _send_file(call, "document")


async def send_photo(call: Call) -> Answer:
    """Send a picture (PNG, JPEG, GIF or WebP) of 10 MB at most."""
    return await _send_file(call, "photo")


async def send_chat_action(call: Call) -> Answer:
    """Show "typing..." and the like for some seconds."""
    chat_id, _ = call.chat()
    action = call.arguments.text("action").lower()
    if action not in _ACTIONS:
        raise BotApiError.bad_request("wrong parameter action in request")
    call.sandbox.hub.tell("action", bot=call.bot.id, chat=chat_id, action=action)
    return Answer(result=True)


async def _send_file(call: Call, kind: Literal["document", "photo"]) -> Answer:
    arguments = call.arguments
    chat_id, _ = call.chat()
    caption = compose_caption(arguments.text("caption"), arguments.text("parse_mode"), arguments.entities("caption_entities"))
    markup = _markup(call)
    file = await _file(call, kind)
    return _send(call, chat_id, caption, markup, file)


def _markup(call: Call) -> Markup:
    return read_markup(call.arguments.json("reply_markup", "reply keyboard markup"))


def _send(call: Call, chat_id: int, formatted: Formatted, markup: Markup, file: StoredFile | None) -> Answer:
    sandbox, world = call.sandbox, call.sandbox.world
    reply_to = _reply_to(call, chat_id)
    sandbox.limits.count_message(call.bot.id, chat_id)
    message = Message(
        message_id=world.next_message_id(call.bot.id),
        sender_id=call.bot.id,
        from_bot=True,
        date=sandbox.unix_now(),
        text=formatted.text,
        entities=formatted.entities,
        file=file,
        buttons=markup.buttons,
        keyboard=markup.keyboard,
        reply_to=reply_to,
    )
    world.save_message(call.bot.id, chat_id, message)
    sandbox.hub.tell("chat", bot=call.bot.id, chat=chat_id, message=message.message_id)
    return Answer(message_of(world, call.bot, chat_id, message))


def _reply_to(call: Call, chat_id: int) -> int | None:
    parameters = call.arguments.json("reply_parameters", "reply parameters")
    wanted, lenient = call.arguments.number("reply_to_message_id"), call.arguments.flag("allow_sending_without_reply")
    if isinstance(parameters, dict):
        wanted = parameters.get("message_id", 0)
        lenient = parameters.get("allow_sending_without_reply") is True
    chat = call.sandbox.world.chat(call.bot.id, chat_id)
    if not wanted or chat is None:
        return None
    if wanted in chat.messages:
        return wanted
    if lenient:
        return None
    raise BotApiError.bad_request("message to be replied not found")


async def _file(call: Call, kind: Literal["document", "photo"]) -> StoredFile:
    """The file that is sent: an upload, or the file_id of one that this bot has sent before."""
    upload = call.arguments.upload(kind)
    if upload is None:
        return _known_file(call, kind)
    if not upload.content:
        raise BotApiError.bad_request("file must be non-empty")
    width, height = 0, 0
    if kind == "photo":
        if len(upload.content) > _MAX_PHOTO_BYTES:
            raise BotApiError.bad_request("file is too big for a photo")
        width, height = image_size(upload.content)
    name = _file_name(upload.file_name)
    file = StoredFile(
        file_id=f"BQACAgI{token_urlsafe(36)}",
        unique_id=f"AgAD{token_urlsafe(9)}",
        bot_id=call.bot.id,
        kind=kind,
        name=name,
        mime_type=_mime_type(upload.content_type, name),
        size=len(upload.content),
        path=f"{kind}s/{call.bot.id}_{token_urlsafe(9)}{PurePosixPath(name).suffix[:16]}",
        width=width,
        height=height,
    )
    await call.sandbox.files.write(file.path, upload.content)
    call.sandbox.world.save_file(file)
    return file


def _known_file(call: Call, kind: Literal["document", "photo"]) -> StoredFile:
    reference = call.arguments.text(kind)
    if not reference or reference.startswith("attach://"):
        raise BotApiError.bad_request(f"there is no {kind} in the request")
    if reference.startswith(("http://", "https://")):
        raise BotApiError.bad_request("failed to get HTTP URL content")
    file = call.sandbox.world.files.get(reference)
    if file is None or file.bot_id != call.bot.id:
        raise BotApiError.bad_request("wrong file identifier/HTTP URL specified")
    if file.kind != kind:
        raise BotApiError.bad_request(f"can't use file of type {file.kind.capitalize()} as {kind.capitalize()}")
    return file


def _file_name(given: str | None) -> str:
    """Only the last part of a path, printable, cut to what file systems take."""
    last = PurePosixPath((given or "").replace("\\", "/")).name
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[-_MAX_FILE_NAME:] or "file"


def _mime_type(declared: str, name: str) -> str:
    declared = declared.partition(";")[0].strip()
    guessed = mimetypes.guess_type(name)[0]
    return guessed or declared or "application/octet-stream"
