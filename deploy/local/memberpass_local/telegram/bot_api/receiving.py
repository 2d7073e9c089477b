"""getUpdates, setWebhook, deleteWebhook, getWebhookInfo: how a bot gets its updates."""

import re
from urllib.parse import urlsplit

from shared.contracts.base import Json

from memberpass_local.telegram.bot_api.call import Answer, Call
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Bot, Webhook

_MAX_POLL_SECONDS = 50
_MAX_UPDATES = 100
_MAX_SECRET = 256
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
_OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
_SET_WEBHOOK = "terminated by setWebhook request"


async def get_updates(call: Call) -> Answer:
    """Updates from `offset` on, at once or as soon as one comes; earlier ones count as confirmed.

    A negative offset asks for the last ones and forgets those before them.
    """
    world, arguments = call.sandbox.world, call.arguments
    if call.bot.webhook is not None:
        raise BotApiError.conflict(_WEBHOOK_ACTIVE)
    _remember_allowed(call)
    queue = world.queue(call.bot.id)
    offset = arguments.number("offset")
    limit = min(max(arguments.number("limit", _MAX_UPDATES), 1), _MAX_UPDATES)
    timeout = min(max(arguments.number("timeout"), 0), _MAX_POLL_SECONDS)
    poll = queue.begin_poll(f"Conflict: {_OTHER_POLL}")
    if offset < 0 and queue.pending:
        kept = list(queue.pending)[offset:]
        world.confirm_updates(call.bot.id, kept[0].update_id)
    else:
        world.confirm_updates(call.bot.id, offset)
    if not queue.pending and timeout:
        await poll.wait(timeout)
    queue.finish_poll(poll)
    if poll.conflict is not None:
        raise BotApiError(409, poll.conflict)
    return Answer([update.to_wire() for update in list(queue.pending)[:limit]])


async def set_webhook(call: Call) -> Answer:
    """Have the updates brought to `url` from now on; an empty url deletes the webhook.

    Unlike the real server this one takes plain http and any port: the receiver is on this machine.
    """
    arguments = call.arguments
    url = arguments.text("url")
    if not url:
        return await delete_webhook(call)
    secret = arguments.text("secret_token")
    _check(url, secret)
    webhook = Webhook(
        url=url,
        secret=secret,
        max_connections=min(max(arguments.number("max_connections", 40), 1), 100),
        ip_address=arguments.text("ip_address") or None,
    )
    bot = _remember_allowed(call)
    if bot.webhook == webhook and not arguments.flag("drop_pending_updates"):
        return Answer(result=True, description="Webhook is already set")
    _drop_pending(call)
    call.sandbox.world.queue(bot.id).end_poll(f"Conflict: {_SET_WEBHOOK}")
    call.sandbox.courier.sync(call.sandbox.world.save_bot(bot.model_copy(update={"webhook": webhook})))
    call.sandbox.hub.tell("bots")
    return Answer(result=True, description="Webhook was set")


async def delete_webhook(call: Call) -> Answer:
    """Back to getUpdates."""
    _drop_pending(call)
    if call.bot.webhook is None:
        return Answer(result=True, description="Webhook is already deleted")
    call.sandbox.courier.sync(call.sandbox.world.save_bot(call.bot.model_copy(update={"webhook": None})))
    call.sandbox.hub.tell("bots")
    return Answer(result=True, description="Webhook was deleted")


async def get_webhook_info(call: Call) -> Answer:
    """Where updates go, how many wait, what went wrong last."""
    webhook = call.bot.webhook
    info: Json = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(call.sandbox.world.queue(call.bot.id).pending),
    }
    if webhook is not None:
        info["max_connections"] = webhook.max_connections
        if webhook.ip_address:
            info["ip_address"] = webhook.ip_address
        last_error = call.sandbox.courier.last_errors.get(call.bot.id)
        if last_error is not None:
            info |= {"last_error_date": last_error.at, "last_error_message": last_error.message}
    if call.bot.allowed_updates:
        info["allowed_updates"] = call.bot.allowed_updates
    return Answer(info)


def _check(url: str, secret: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or re.search(r"\s", url):
        raise BotApiError.bad_request("invalid webhook URL specified")
    if len(secret) > _MAX_SECRET:
        raise BotApiError.bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise BotApiError.bad_request("secret token contains unallowed characters")


def _drop_pending(call: Call) -> None:
    if call.arguments.flag("drop_pending_updates"):
        queue = call.sandbox.world.queue(call.bot.id)
        call.sandbox.world.confirm_updates(call.bot.id, queue.next_id)


def _remember_allowed(call: Call) -> Bot:
    """`allowed_updates` holds until it is given again; an empty list is the default: all but those on request only."""
    allowed = call.arguments.strings("allowed_updates")
    if allowed is None or sorted(set(allowed)) == call.bot.allowed_updates:
        return call.bot
    return call.sandbox.world.save_bot(call.bot.model_copy(update={"allowed_updates": sorted(set(allowed))}))
