"""answerCallbackQuery."""

import time

from memberpass_local.telegram.bot_api.call import Answer, Call
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Alert

_MAX_TEXT = 200


async def answer_callback_query(call: Call) -> Answer:
    """End the waiting of a pressed button, with a popup if there is a text (200 characters at most)."""
    sandbox, arguments = call.sandbox, call.arguments
    query = sandbox.world.queries.get(arguments.text("callback_query_id"))
    too_old = query is not None and time.time() - query.at > sandbox.settings.callback_query_seconds
    if query is None or query.bot_id != call.bot.id or too_old:
        raise BotApiError.bad_request("query is too old and response timeout expired or query ID is invalid")
    text, url = arguments.text("text"), arguments.text("url")
    if len(text) > _MAX_TEXT:
        raise BotApiError.bad_request("MESSAGE_TOO_LONG")
    if query.answered:
        return Answer(result=True)
    sandbox.world.save_query(query.model_copy(update={"answered": True}))
    chat = sandbox.world.chat(call.bot.id, query.chat_id)
    message = chat.messages.get(query.message_id) if chat else None
    if message is not None and text:
        alert = Alert(text=text, show_alert=arguments.flag("show_alert"))
        sandbox.world.save_message(call.bot.id, query.chat_id, message.model_copy(update={"alert": alert}))
    sandbox.hub.tell(
        "answered",
        bot=call.bot.id,
        chat=query.chat_id,
        message=query.message_id,
        query=query.id,
        text=text,
        show_alert=arguments.flag("show_alert"),
        url=url or None,
    )
    return Answer(result=True)
