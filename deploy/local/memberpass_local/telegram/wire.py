"""What the world holds, in the Bot API's words: `User`, `Chat`, `Message`, `Document`, `CallbackQuery`."""

from shared.contracts.base import Json

from memberpass_local.telegram.models import Bot, Button, Group, InviteLink, Message, Person, StoredFile
from memberpass_local.telegram.world import World


def user_of_bot(bot: Bot) -> Json:
    """The bot as a `User`."""
    return {"id": bot.id, "is_bot": True, "first_name": bot.name, "username": bot.username}


def user_of_person(person: Person) -> Json:
    """The person as a `User`."""
    return {"id": person.id, "is_bot": False, **person.model_dump(exclude={"id"}, exclude_none=True)}


def private_chat(person: Person) -> Json:
    """The chat with a person, as the bot sees it."""
    names = person.model_dump(include={"first_name", "last_name", "username"}, exclude_none=True)
    return {"id": person.id, **names, "type": "private"}


def group_chat(group: Group) -> Json:
    """A supergroup as a `Chat`."""
    return {"id": group.id, "title": group.title, "type": "supergroup"}


def chat_of(world: World, chat_id: int) -> Json:
    """The `Chat` with this id."""
    group = world.groups.get(chat_id)
    return group_chat(group) if group else private_chat(world.person(chat_id))


def message_of(world: World, bot: Bot, chat_id: int, message: Message) -> Json:
    """The `Message` as its bot gets it."""
    sender = user_of_bot(bot) if message.from_bot else user_of_person(world.person(message.sender_id))
    wire: Json = {"message_id": message.message_id, "from": sender, "chat": chat_of(world, chat_id), "date": message.date}
    if message.edit_date is not None:
        wire["edit_date"] = message.edit_date
    if message.reply_to is not None:
        earlier = world.chat(bot.id, chat_id)
        original = earlier.messages.get(message.reply_to) if earlier else None
        if original is not None:
            wire["reply_to_message"] = message_of(world, bot, chat_id, original.model_copy(update={"reply_to": None}))
    if message.file is not None:
        wire["photo" if message.file.kind == "photo" else "document"] = _media(message.file)
    if message.text:
        name = "caption" if message.file else "text"
        wire[name] = message.text
        if message.entities:
            wire["caption_entities" if message.file else "entities"] = [
                entity.model_dump(exclude_none=True) for entity in message.entities
            ]
    if message.buttons:
        wire["reply_markup"] = {"inline_keyboard": [[button_of(button) for button in row] for row in message.buttons]}
    return wire


def file_of(file: StoredFile) -> Json:
    """The `File` that getFile answers."""
    return {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": file.size, "file_path": file.path}


def _media(file: StoredFile) -> Json | list[Json]:
    common: Json = {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": file.size}
    if file.kind == "photo":
        return [{**common, "width": file.width, "height": file.height}]
    return {**common, "file_name": file.name, "mime_type": file.mime_type}


def button_of(button: Button) -> Json:
    """The `InlineKeyboardButton`."""
    wire: Json = {"text": button.text}
    if button.callback_data is not None:
        wire["callback_data"] = button.callback_data
    elif button.copy_text is not None:
        wire["copy_text"] = {"text": button.copy_text}
    elif button.web_app is not None:
        wire["web_app"] = {"url": button.web_app}
    else:
        wire["url"] = button.url
    return wire


def invite_link_of(bot: Bot, link: InviteLink) -> Json:
    """The `ChatInviteLink`."""
    wire: Json = {
        "invite_link": link.link,
        "creator": user_of_bot(bot),
        "creates_join_request": False,
        "is_primary": False,
        "is_revoked": link.revoked,
    }
    optional = {"name": link.name, "expire_date": link.expire_date, "member_limit": link.member_limit}
    return wire | {name: value for name, value in optional.items() if value is not None}
