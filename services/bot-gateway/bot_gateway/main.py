"""The gateway's app: conversation, deliveries, portal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Update
from fastapi import FastAPI
from shared.clients.codes import CodesClient
from shared.web import create_web_app

from bot_gateway.api import webhook
from bot_gateway.api.internal import internal_router
from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.bots.polling import Poller
from bot_gateway.bots.registry import Bots
from bot_gateway.bots.webhook import listen_by_webhook
from bot_gateway.dispatcher import create_dispatcher, handle_update
from bot_gateway.gateway import Gateway
from bot_gateway.pace import Pace
from bot_gateway.portal import routes as portal
from bot_gateway.settings import Settings, TelegramMode
from bot_gateway.storage import open_storage

DESCRIPTION = "The conversation on Telegram, deliveries to creators, and each project's public page."
# While a member waits for an answer, older data about the bot is better than none.
HASTY_TIMEOUT_S = 2.0


def create_app(settings: Settings) -> FastAPI:
    """The service's app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            gateway = await _open(settings, stack)
            app.state.gateway = gateway
            loading = asyncio.create_task(gateway.bots.keep_loaded(settings.bots_reload_seconds))
            try:
                yield
            finally:
                loading.cancel()
                await asyncio.gather(loading, return_exceptions=True)
                await gateway.bots.close()

    routers = [internal_router(settings.service_token), portal.router]
    if settings.telegram_mode is TelegramMode.WEBHOOK:
        routers.append(webhook.router)
    return create_web_app(
        title="MemberPass bot gateway", description=DESCRIPTION, lifespan=lifespan, routers=routers, ready=_ready
    )


async def _open(settings: Settings, stack: AsyncExitStack) -> Gateway:
    codes = await stack.enter_async_context(CodesClient("codes-api", settings.codes_api_url, settings.service_token))
    hasty = await stack.enter_async_context(
        CodesClient("codes-api", settings.codes_api_url, settings.service_token, timeout=HASTY_TIMEOUT_S, retry=False)
    )
    # No limit on connections: a polling bot holds one open all the time.
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_base), limit=0)
    stack.push_async_callback(session.close)
    session.middleware(Pace(chat_rate=settings.chat_messages_per_second, bot_rate=settings.bot_messages_per_second))
    storage = open_storage(settings.redis_url)
    stack.push_async_callback(storage.close)

    async def fresh(bot_id: int) -> LoadedBot | None:
        return await bots.fresh(bot_id)

    async def on_update(loaded: LoadedBot, update: Update) -> None:
        await handle_update(dispatcher, loaded, update)

    dispatcher = create_dispatcher(codes, storage, fresh)

    async def listen(loaded: LoadedBot) -> None:
        if settings.telegram_mode is TelegramMode.WEBHOOK:
            await listen_by_webhook(loaded, public_url=settings.public_url)
        else:
            await Poller(loaded, on_update, wait_s=settings.telegram_poll_seconds).run()

    bots = Bots(codes=codes, hasty=hasty, session=session, listen=listen, fresh_s=settings.bot_fresh_seconds)
    return Gateway(settings=settings, codes=codes, hasty_codes=hasty, session=session, dispatcher=dispatcher, bots=bots)


async def _ready() -> None:
    """Ready as soon as it runs: without codes-api the bots answer "try again in a moment", and Telegram keeps updates."""
