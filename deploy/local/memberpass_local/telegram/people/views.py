"""From what the world holds to what a person sees."""

from urllib.parse import quote

from memberpass_local.telegram.models import Bot, Command, Group, Message, StoredFile
from memberpass_local.telegram.people.forms import (
    BotCard,
    ChatCard,
    GroupCard,
    SeenAlert,
    SeenButton,
    SeenDocument,
    SeenKeyboard,
    SeenMessage,
    SeenPhoto,
)
from memberpass_local.telegram.world import Chat, World

_MENUS = ("all_private_chats/", "default/")


def bot_card(bot: Bot) -> BotCard:
    """The bot with the command menu that private chats show."""
    menus: list[list[Command]] = [bot.commands[key] for key in _MENUS if key in bot.commands]
    return BotCard(
        id=bot.id,
        username=bot.username,
        name=bot.name,
        description=bot.texts.get("description", ""),
        short_description=bot.texts.get("short_description", ""),
        commands=menus[0] if menus else [],
    )


def seen(message: Message, base_url: str) -> SeenMessage:
    """A message as the member sees it. `base_url` makes the addresses of files whole."""
    file, keyboard, alert = message.file, message.keyboard, message.alert
    return SeenMessage(
        message_id=message.message_id,
        from_bot=message.from_bot,
        text=message.text,
        document=_document(file, base_url) if file and file.kind == "document" else None,
        buttons=[[SeenButton.model_validate(button) for button in row] for row in message.buttons],
        entities=message.entities,
        photo=SeenPhoto(url=_url(file, base_url), width=file.width, height=file.height)
        if file and file.kind == "photo"
        else None,
        date=message.date,
        edit_date=message.edit_date,
        keyboard=SeenKeyboard.model_validate(keyboard) if keyboard else None,
        reply_to_message_id=message.reply_to,
        alert=SeenAlert.model_validate(alert) if alert else None,
    )


def chat_card(world: World, bot: Bot, user_id: int, chat: Chat | None, base_url: str) -> ChatCard:
    """A line of a chat list."""
    last = chat.last() if chat else None
    return ChatCard(
        bot_id=bot.id,
        bot_username=bot.username,
        user_id=user_id,
        first_name=world.person(user_id).first_name,
        messages=len(chat.messages) if chat else 0,
        blocked=chat.blocked if chat else False,
        last_message=seen(last, base_url) if last else None,
    )


def group_card(world: World, group: Group) -> GroupCard:
    """A group as its members see it."""
    return GroupCard(
        chat_id=group.id,
        title=group.title,
        bot_username=world.bots[group.bot_id].username,
        members=group.members,
        banned=group.banned,
    )


def _document(file: StoredFile, base_url: str) -> SeenDocument:
    return SeenDocument(file_name=file.name, url=_url(file, base_url), size=file.size, mime_type=file.mime_type)


def _url(file: StoredFile, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/sandbox/files/{file.file_id}/{quote(file.name)}"
