"""A sandbox Telegram on a free port, with both of its sides: bots by aiogram, people by HTTP."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Update
from fastapi import FastAPI, Request, Response
from memberpass_local.telegram.app import create_app, stop_waiting
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.settings import TelegramSettings
from shared.clock import Clock

from tests.support.in_process import listening, served_whole

PATIENCE_SECONDS = 30
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without certificate authorities, whose loading takes 30 ms a client."""


class Ticks:
    """A monotonic clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Telegram:
    """A running sandbox."""

    def __init__(self, url: str, http: httpx.AsyncClient, ticks: Ticks, sandbox: Sandbox | None = None) -> None:
        self.url, self.http, self.ticks, self.sandbox = url, http, ticks, sandbox
        self._session = AiohttpSession(api=TelegramAPIServer.from_base(url))

    async def make_bot(self, username: str = "northwind_bot") -> Bot:
        answer = await self.http.post("/sandbox/bots", json={"username": username})
        answer.raise_for_status()
        return self.bot(answer.json()["token"])

    def bot(self, token: str) -> Bot:
        return Bot(token, session=self._session)

    def person(self, user_id: int, bot: str = "northwind_bot") -> "Person":
        return Person(self.http, bot, user_id)

    async def poll(self, bot: Bot) -> asyncio.Task[list[Update]]:
        """A getUpdates call that has reached the sandbox of this process and waits there."""
        assert self.sandbox is not None
        queue = self.sandbox.world.queue(bot.id)
        before = queue._poll
        task = asyncio.create_task(bot.get_updates(timeout=50))
        await until(lambda: queue._poll not in (None, before))
        return task

    async def set(self, **settings: Any) -> None:
        (await self.http.post("/sandbox/settings", json=settings)).raise_for_status()

    async def close(self) -> None:
        """Close the bots' client, without the quarter of a second that aiogram gives TLS to say goodbye."""
        await (await self._session.create_session()).close()


@dataclass
class Person:
    """One person's app, open at one bot's chat."""

    http: httpx.AsyncClient
    bot: str
    user_id: int

    @property
    def path(self) -> str:
        return f"/sandbox/chats/{self.bot}/{self.user_id}"

    async def say(self, text: str) -> dict[str, Any]:
        return self._body(await self.http.post(f"{self.path}/messages", json={"text": text}))

    async def press(self, message_id: int, data: str) -> dict[str, Any]:
        return self._body(await self.http.post(f"{self.path}/presses", json={"message_id": message_id, "callback_data": data}))

    async def sees(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self._body(await self.http.get(f"{self.path}/messages"))["messages"]
        return messages

    def _body(self, answer: httpx.Response) -> dict[str, Any]:
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


@dataclass
class Receiver:
    """A webhook: takes updates, answers what the test tells it to."""

    url: str = ""
    got: list[tuple[dict[str, Any], str | None]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def update_ids(self) -> list[int]:
        return [update["update_id"] for update, _ in self.got]

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/hook")
        async def hook(request: Request) -> Response:
            self.got.append((await request.json(), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
            return self.answers.pop(0) if self.answers else Response(status_code=200)

        return app


@contextlib.asynccontextmanager
async def serve(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Run an app by uvicorn in this loop; gives its address."""
    async with served_whole(app, listening(port)) as url:
        try:
            yield url
        finally:
            if hasattr(app.state, "sandbox"):
                stop_waiting(app)


@contextlib.asynccontextmanager
async def telegram(settings: TelegramSettings, clock: Clock | None = None) -> AsyncIterator[Telegram]:
    ticks = Ticks()
    app = create_app(settings, clock, ticks)
    async with (
        serve(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, verify=NO_TLS) as http,
    ):
        running = Telegram(url, http, ticks, app.state.sandbox)
        try:
            yield running
        finally:
            await running.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another task is about to do; a test fails if it does not."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.005)


async def until_async(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.005)
