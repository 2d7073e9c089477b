"""A whole gateway on a real socket, between a stand-in of codes-api and a Bot API server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from bot_gateway.main import create_app
from bot_gateway.settings import Settings
from memberpass_local.telegram.app import create_app as create_telegram
from memberpass_local.telegram.app import stop_waiting
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.settings import TelegramSettings
from memberpass_local.telegram.world import World
from pydantic import SecretStr
from shared.clients.gateway import GatewayClient

from tests.support.codes_stand_in import CodesStandIn
from tests.support.in_process import HOST, listening, served, served_whole

TOKEN = SecretStr("service-token-of-the-tests")
PATIENCE_S = 30.0
_numbers = count(1)


def plain() -> httpx.AsyncHTTPTransport:
    """Without certificates: loading them would take a tenth of each test's time."""
    return httpx.AsyncHTTPTransport(verify=False)


async def until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(patience_s):
        while not true():  # what is looked at lives in another thread
            await asyncio.sleep(0.002)


@dataclass
class Person:
    """Somebody who writes to a bot of the sandbox Telegram."""

    telegram: httpx.AsyncClient
    world: World
    bot_id: int
    bot: str
    user_id: int

    def seen(self) -> list[tuple[int, str]]:
        """What is to be waited for: looked up without a request, which would cost more than what is waited for."""
        chat = self.world.chat(self.bot_id, self.user_id)
        messages = list(chat.messages.values()) if chat else []
        return [(message.message_id, message.text) for message in messages if message.from_bot]

    async def say(self, text: str) -> dict[str, Any]:
        """Write, and wait for the bot's next message."""
        before = len(self.seen())
        await self.write(text)
        return await self.next_message(before)

    async def write(self, text: str) -> None:
        response = await self.telegram.post(f"/sandbox/chats/{self.bot}/{self.user_id}/messages", json={"text": text})
        response.raise_for_status()

    async def press(self, message: dict[str, Any], label: str) -> dict[str, Any]:
        """Press a button by its label and wait until the bot has answered in any way; the last message of the bot."""
        before = await self.heard()
        shown = self.seen()
        await self.tap(message, label)
        await until(lambda: self.seen() != shown)
        after = await self.heard()
        edited = [now for now, then in zip(after, before, strict=False) if now != then]
        return after[-1] if len(after) > len(before) else edited[0]

    async def tap(self, message: dict[str, Any], label: str) -> None:
        data = {button["text"]: button["callback_data"] for row in message["buttons"] for button in row}[label]
        response = await self.telegram.post(
            f"/sandbox/chats/{self.bot}/{self.user_id}/presses",
            json={"message_id": message["message_id"], "callback_data": data},
        )
        response.raise_for_status()

    async def heard(self) -> list[dict[str, Any]]:
        """What the bot said, in order."""
        response = await self.telegram.get(f"/sandbox/chats/{self.bot}/{self.user_id}/messages")
        return [message for message in response.json()["messages"] if message["from_bot"]]

    async def next_message(self, after: int) -> dict[str, Any]:
        await until(lambda: len(self.seen()) > after)
        return (await self.heard())[after]


@dataclass(frozen=True)
class Running:
    """A gateway that runs."""

    url: str
    app: Any
    settings: Settings


@dataclass
class House:
    """The parts of one test."""

    codes: CodesStandIn
    telegram: httpx.AsyncClient
    world: World
    client: GatewayClient
    http: httpx.AsyncClient
    running: Running
    bot_id: int
    token: str
    username: str

    def person(self, user_id: int = 501) -> Person:
        return Person(self.telegram, self.world, self.bot_id, self.username, user_id)

    async def fail_next(self, **failure: Any) -> None:
        """Make the next calls of the Bot API fail."""
        (await self.telegram.post("/sandbox/settings", json={"fail_next": [failure]})).raise_for_status()

    async def feed(
        self, user_id: int, *, update_id: int, text: str = "", press: str = "", message_id: int = 1, secret: str | None = None
    ) -> httpx.Response:
        """Call the webhook as Telegram would."""
        user = {"id": user_id, "is_bot": False, "first_name": "Ann"}
        message = {
            "message_id": message_id,
            "date": 1,
            "chat": {"id": user_id, "type": "private"},
            "from": user,
            "text": text or "x",
        }
        update = {"update_id": update_id, "message": message}
        if press:
            query = {"id": "1", "from": user, "message": message, "chat_instance": "1", "data": press}
            update = {"update_id": update_id, "callback_query": query}
        header = f"secret-of-{self.bot_id}" if secret is None else secret
        headers = {"X-Telegram-Bot-Api-Secret-Token": header}
        return await self.http.post(f"/telegram/{self.bot_id}", json=update, headers=headers)

    async def sent(self, chat_id: int) -> list[str]:
        return [message["text"] for message in await self.person(chat_id).heard()]


@dataclass
class Neighbours:
    """The servers that outlive a test. `codes` is the stand-in that answers now."""

    telegram_url: str = ""
    codes_url: str = ""
    codes: CodesStandIn = field(default_factory=lambda: CodesStandIn(TOKEN))
    sandbox: Sandbox | None = None

    @property
    def world(self) -> World:
        """The sandbox Telegram's chats."""
        assert self.sandbox is not None
        return self.sandbox.world

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """codes-api's place: whatever stand-in the test has put there."""
        if scope["type"] == "http":
            await self.codes.app(scope, receive, send)


@contextlib.asynccontextmanager
async def neighbours() -> AsyncIterator[Neighbours]:
    """The sandbox Telegram, quick to try a webhook again, and codes-api's place."""
    settings = TelegramSettings(
        webhook_first_pause_seconds=0.05, webhook_longest_pause_seconds=0.1, chat_burst=1000, bot_per_second=1000
    )
    telegram = create_telegram(settings)
    both = Neighbours(sandbox=telegram.state.sandbox)
    async with served_whole(telegram) as telegram_url, served(both) as codes_url:
        both.telegram_url, both.codes_url = telegram_url, codes_url
        yield both
        stop_waiting(telegram)


@contextlib.asynccontextmanager
async def gateway(around: Neighbours, redis_url: str, *, port: int = 0, **changes: Any) -> AsyncIterator[Running]:
    """A gateway between its neighbours."""
    listener = listening(port)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    base: dict[str, Any] = {
        "redis_url": redis_url,
        "codes_api_url": around.codes_url,
        "telegram_api_base": around.telegram_url,
        "public_url": url,
    }
    settings = make_settings(**(base | changes))
    app = create_app(settings)
    async with served_whole(app, listener):
        yield Running(url, app, settings)


@contextlib.asynccontextmanager
async def house(around: Neighbours, running: Running) -> AsyncIterator[House]:
    """A test's own codes-api and bot, at a gateway that may serve others as well."""
    around.codes = codes = CodesStandIn(TOKEN)
    async with (
        httpx.AsyncClient(base_url=around.telegram_url, transport=plain()) as telegram,
        httpx.AsyncClient(base_url=running.url, transport=plain()) as http,
        GatewayClient("bot-gateway", running.url, TOKEN, retry=False, timeout=30, transport=plain()) as client,
    ):
        await telegram.post("/sandbox/settings", json={"fail_next": []})
        made = (await telegram.post("/sandbox/bots", json={"username": f"northwind{next(_numbers)}_bot"})).json()
        codes.connect(bot_id=made["id"], token=made["token"], username=made["username"])
        assert (await client.sync_bot(made["id"])).listening
        yield House(codes, telegram, around.world, client, http, running, made["id"], made["token"], made["username"])


def make_settings(**changes: Any) -> Settings:
    """Settings of a quick gateway."""
    base: dict[str, Any] = {
        "sandbox": True,
        "service_token": TOKEN,
        "chat_messages_per_second": 1000.0,
        "bot_messages_per_second": 1000.0,
        "bot_fresh_seconds": 0.0,
        "telegram_poll_seconds": 2,
        # A shared gateway must not find another test's bot by itself.
        "bots_reload_seconds": 3600.0,
    }
    return Settings(**(base | changes))
