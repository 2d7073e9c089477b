"""getMe, and what a bot sets about itself: name, descriptions, commands, menu button."""

import re

from shared.contracts.base import Json

from memberpass_local.telegram.bot_api.call import Answer, Call, Method
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Command
from memberpass_local.telegram.wire import user_of_bot

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_MAX_COMMANDS = 100
_MAX_COMMAND_DESCRIPTION = 256
_SCOPES = frozenset({
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators", "chat_member",
})  # fmt: skip


async def get_me(call: Call) -> Answer:
    """Who the token belongs to."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return Answer(user_of_bot(call.bot) | abilities)


async def set_my_commands(call: Call) -> Answer:
    """The command menu of a scope and language: 100 commands at most."""
    given = call.arguments.json("commands", "commands")
    if not isinstance(given, list):
        raise BotApiError.bad_request("expected an Array of BotCommand")
    if len(given) > _MAX_COMMANDS:
        raise BotApiError.bad_request("BOT_COMMANDS_TOO_MUCH")
    return _save_commands(call, [_command(item) for item in given])


async def get_my_commands(call: Call) -> Answer:
    """The command menu of a scope and language, as it was set."""
    commands = call.bot.commands.get(_commands_key(call), [])
    return Answer([command.model_dump() for command in commands])


async def delete_my_commands(call: Call) -> Answer:
    """No menu for a scope and language any more."""
    return _save_commands(call, [])


async def set_menu_button(call: Call) -> Answer:
    """Kept, and shown nowhere: the chat page always offers the commands."""
    button = call.arguments.json("menu_button", "menu button")
    if button is not None and not (isinstance(button, dict) and button.get("type") in {"default", "commands", "web_app"}):
        raise BotApiError.bad_request("can't parse menu button: MenuButton has unsupported type")
    return Answer(result=True)


async def get_menu_button(call: Call) -> Answer:
    """The button beside the text field: the commands."""
    return Answer({"type": "commands" if call.bot.commands else "default"})


def text_setter(name: str, longest: int) -> Method:
    """A method that sets one of the bot's texts for a language (empty takes it away)."""

    async def set_text(call: Call) -> Answer:
        text = call.arguments.text(name)
        if len(text) > longest:
            raise BotApiError.bad_request(f"bot {name.replace('_', ' ')} is too long")
        texts = {**call.bot.texts, _text_key(call, name): text}
        changes: Json = {"texts": {key: value for key, value in texts.items() if value}}
        if name == "name" and text and not call.arguments.text("language_code"):
            changes["name"] = text
        call.sandbox.world.save_bot(call.bot.model_copy(update=changes))
        call.sandbox.hub.tell("bots")
        return Answer(result=True)

    return set_text


def text_getter(name: str) -> Method:
    """A method that answers one of the bot's texts for a language."""

    async def get_text(call: Call) -> Answer:
        default = call.bot.name if name == "name" else ""
        return Answer({name: call.bot.texts.get(_text_key(call, name), default)})

    return get_text


def _text_key(call: Call, name: str) -> str:
    language = call.arguments.text("language_code")
    return f"{name}:{language}" if language else name


def _commands_key(call: Call) -> str:
    scope = call.arguments.json("scope", "BotCommandScope")
    kind = "default"
    if scope is not None:
        kind = str(scope.get("type")) if isinstance(scope, dict) else ""
        if kind not in _SCOPES:
            raise BotApiError.bad_request("can't parse BotCommandScope: Unsupported type specified")
        if isinstance(scope, dict) and "chat_id" in scope:
            kind = f"{kind}:{scope['chat_id']}:{scope.get('user_id', '')}"
    return f"{kind}/{call.arguments.text('language_code')}"


def _command(item: object) -> Command:
    if not isinstance(item, dict):
        raise BotApiError.bad_request("can't parse BotCommand: expected an Object")
    command = str(item.get("command", "")).removeprefix("/").lower()
    description = str(item.get("description", "")).strip()
    if not command:
        raise BotApiError.bad_request("command must be non-empty")
    if not description:
        raise BotApiError.bad_request("command description must be non-empty")
    if not _COMMAND.fullmatch(command):
        raise BotApiError.bad_request("BOT_COMMAND_INVALID")
    if len(description) > _MAX_COMMAND_DESCRIPTION:
        raise BotApiError.bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return Command(command=command, description=description)


def _save_commands(call: Call, commands: list[Command]) -> Answer:
    menus = {**call.bot.commands, _commands_key(call): commands}
    kept = {key: menu for key, menu in menus.items() if menu}
    call.sandbox.world.save_bot(call.bot.model_copy(update={"commands": kept}))
    call.sandbox.hub.tell("bots")
    return Answer(result=True)
