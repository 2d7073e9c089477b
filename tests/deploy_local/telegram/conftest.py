from collections.abc import AsyncIterator

import pytest_asyncio
from memberpass_local.telegram.settings import TelegramSettings

from tests.deploy_local.telegram.support import Receiver, Telegram, serve, telegram


@pytest_asyncio.fixture
async def tg() -> AsyncIterator[Telegram]:
    settings = TelegramSettings(webhook_first_pause_seconds=0.01, webhook_longest_pause_seconds=0.02)
    async with telegram(settings) as running:
        yield running


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    webhook = Receiver()
    async with serve(webhook.app()) as url:
        webhook.url = f"{url}/hook"
        yield webhook
