"""The app of the sandbox Telegram."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from shared.clock import Clock
from shared.contracts.base import Json
from shared.problems import install_problem_handlers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from memberpass_local.telegram.bot_api import router as bot_api
from memberpass_local.telegram.bot_api.methods import run_webhook_answer
from memberpass_local.telegram.files import FileStore
from memberpass_local.telegram.hub import Hub
from memberpass_local.telegram.journal import Journal
from memberpass_local.telegram.limits import Limits, Pace
from memberpass_local.telegram.models import Bot
from memberpass_local.telegram.people import bots, chats, controls, groups, users
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.settings import TelegramSettings
from memberpass_local.telegram.webhooks import Courier, Pauses
from memberpass_local.telegram.world import World

_PAGE = Path(__file__).parent / "page"
_DESCRIPTION = """The people's side of the sandbox Telegram: make a bot, write to it as any person, press its buttons, read the
chat. The bots' side is the Bot API at `/bot{token}/{method}`. `/` is a chat page. Only in the local stack and in tests."""


class _FreshFiles(StaticFiles):
    """The page's files; a browser asks each time whether they have changed, so that parts of two versions never meet."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_app(
    settings: TelegramSettings | None = None, clock: Clock | None = None, ticks: Callable[[], float] = time.monotonic
) -> FastAPI:
    """The sandbox Telegram.

    Args:
        settings: from the environment if not given.
        clock: dates messages; by the settings if not given.
        ticks: the monotonic seconds that limits count by.
    """
    settings = settings or TelegramSettings()
    sandbox = _sandbox(settings, clock or settings.clock(), ticks)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sandbox.world.load()
        await sandbox.courier.start()
        yield
        sandbox.stop_waiting()
        await sandbox.courier.stop()
        sandbox.world.close()

    app = FastAPIOffline(title="Sandbox Telegram", description=_DESCRIPTION, version="1", redoc_url=None, lifespan=lifespan)
    app.state.sandbox = sandbox
    install_problem_handlers(app)
    for family in (bot_api, bots, chats, users, groups, controls):
        app.include_router(family.router)
    app.mount("/page", _FreshFiles(directory=_PAGE), name="page")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/healthz", include_in_schema=False)
    @app.get("/readyz", include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ready"}

    return app


def stop_waiting(app: FastAPI) -> None:
    """To be called as soon as the server is told to stop, before it waits for its connections."""
    sandbox: Sandbox = app.state.sandbox
    sandbox.stop_waiting()


def _sandbox(settings: TelegramSettings, clock: Clock, ticks: Callable[[], float]) -> Sandbox:
    world = World(Journal(settings.state_dir))
    pace = Pace(
        chat_burst=settings.chat_burst,
        chat_window_seconds=settings.chat_window_seconds,
        bot_per_second=settings.bot_per_second,
    )
    pauses = Pauses(
        settings.webhook_first_pause_seconds, settings.webhook_longest_pause_seconds, settings.webhook_timeout_seconds
    )

    async def answer(bot: Bot, body: Json) -> None:
        await run_webhook_answer(sandbox, bot, body)

    sandbox = Sandbox(
        settings=settings,
        clock=clock,
        world=world,
        files=FileStore(settings.state_dir),
        hub=Hub(),
        limits=Limits(pace, ticks),
        courier=Courier(world, pauses, answer),
    )
    return sandbox
