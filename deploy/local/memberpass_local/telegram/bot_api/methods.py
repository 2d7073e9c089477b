"""The table of methods, and how a call gets to its method."""

import asyncio

from shared.contracts.base import Json
from shared.logging import get_logger

from memberpass_local.telegram.bot_api import callbacks, downloads, editing, groups, identity, receiving, sending
from memberpass_local.telegram.bot_api.arguments import Arguments
from memberpass_local.telegram.bot_api.call import Answer, Call, Method
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Bot
from memberpass_local.telegram.sandbox import Sandbox

log = get_logger(__name__)


async def _nothing(_: Call) -> Answer:
    return Answer(result=True)


METHODS: dict[str, Method] = {
    "getMe": identity.get_me,
    "logOut": _nothing,
    "close": _nothing,
    "getUpdates": receiving.get_updates,
    "setWebhook": receiving.set_webhook,
    "deleteWebhook": receiving.delete_webhook,
    "getWebhookInfo": receiving.get_webhook_info,
    "sendMessage": sending.send_message,
    "sendDocument": sending.send_document,
    "sendPhoto": sending.send_photo,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": editing.edit_message_text,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "answerCallbackQuery": callbacks.answer_callback_query,
    "getFile": downloads.get_file,
    "setMyCommands": identity.set_my_commands,
    "getMyCommands": identity.get_my_commands,
    "deleteMyCommands": identity.delete_my_commands,
    "setMyName": identity.text_setter("name", 64),
    "getMyName": identity.text_getter("name"),
    "setMyDescription": identity.text_setter("description", 512),
    "getMyDescription": identity.text_getter("description"),
    "setMyShortDescription": identity.text_setter("short_description", 120),
    "getMyShortDescription": identity.text_getter("short_description"),
    "setChatMenuButton": identity.set_menu_button,
    "getChatMenuButton": identity.get_menu_button,
    "getChat": groups.get_chat,
    "getChatMember": groups.get_chat_member,
    "createChatInviteLink": groups.create_chat_invite_link,
    "revokeChatInviteLink": groups.revoke_chat_invite_link,
    "banChatMember": groups.ban_chat_member,
    "unbanChatMember": groups.unban_chat_member,
}
_BY_LOWER_NAME = {name.lower(): method for name, method in METHODS.items()}
_NOT_IN_WEBHOOK_ANSWERS = frozenset({"setwebhook", "deletewebhook", "close", "logout"})


async def run_method(sandbox: Sandbox, bot: Bot, name: str, arguments: Arguments) -> Answer:
    """Call a method by its name, in any case; a failure made to order comes first.

    Raises:
        BotApiError: 404 if there is no such method, and what the method raises.
    """
    method = _BY_LOWER_NAME.get(name.lower())
    if method is None:
        raise BotApiError(404, "Not Found: method not found")
    failure = sandbox.limits.take_failure(name, bot.username)
    if failure is None:
        return await method(Call(sandbox, bot, arguments))
    if failure.after:
        await method(Call(sandbox, bot, arguments))
    await _hang(sandbox, failure.hang_seconds)
    raise failure.error()


async def _hang(sandbox: Sandbox, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await sandbox.stopping.wait()
    except TimeoutError:
        return


async def run_webhook_answer(sandbox: Sandbox, bot: Bot, body: Json) -> None:
    """Carry out the method call in a webhook's answer; as in the real server, nobody is told how it went."""
    name = str(body["method"])
    if name.lower() in _NOT_IN_WEBHOOK_ANSWERS or name.lower().startswith("get"):
        return
    values = {key: value for key, value in body.items() if key != "method"}
    try:
        await run_method(sandbox, bot, name, Arguments(values))
    except BotApiError as error:
        log.warning("webhook_answer_refused", bot_id=bot.id, method=name, reason=error.description)
