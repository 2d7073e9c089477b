"""One dispatcher for all bots: an update comes in from the webhook or from polling, and goes through the handlers."""

import structlog
from aiogram import Dispatcher
from aiogram.fsm.storage.base import BaseStorage
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from shared.clients.codes import CodesClient
from shared.logging import get_logger
from shared.request_id import bind_request_id

from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.handlers import home, otherwise, redeem, start, stats
from bot_gateway.middlewares import Fresh, OnlyOnce, PrivateVisit, YoungData
from bot_gateway.ordering import ChatOrder, HandledUpdates

log = get_logger(__name__)


def create_dispatcher(codes: CodesClient, storage: BaseStorage, fresh: Fresh) -> Dispatcher:
    """The dispatcher with all handlers, asked in this order.

    Args:
        codes: decides.
        storage: what conversations remember.
        fresh: a bot's data, young enough to answer a member (`Bots.fresh`).
    """
    dispatcher = Dispatcher(storage=storage, events_isolation=ChatOrder(), codes=codes)
    dispatcher.update.outer_middleware(OnlyOnce(HandledUpdates()))
    dispatcher.update.outer_middleware(YoungData(fresh))
    dispatcher.update.outer_middleware(PrivateVisit())
    for part in (start, home, stats, redeem, otherwise):
        dispatcher.include_router(part.create_router())
    return dispatcher


async def handle_update(dispatcher: Dispatcher, loaded: LoadedBot, update: Update) -> None:
    """Handle one update to its end, under a request id that travels to codes-api and its logs.

    Raises:
        TelegramAPIError: Telegram could not take the answer; the update is to be handled again.
    """
    try:
        kind = update.event_type
    except UpdateTypeLookupError:
        return
    bot_id = loaded.connected.bot_id
    bind_request_id(f"tg-{bot_id}-{update.update_id}")
    ids = {"bot_id": bot_id, "update_id": update.update_id, "project_id": str(loaded.connected.project_id)}
    with structlog.contextvars.bound_contextvars(**ids):
        await dispatcher.feed_update(loaded.bot, update, connected=loaded.connected)
        log.info("update_handled", kind=kind)
