"""A billing-api in a process of its own, that a test may kill, and ways to stop it between two steps.

Nothing of the service is changed for this: what holds it is a lock in the database that it waits for.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import httpx
from billing_api.main import create_app
from billing_api.settings import Settings
from shared.db import Database
from shared.web import serve
from sqlalchemy import text

from tests.billing_api.running import SERVICE_TOKEN, Billing
from tests.support.in_process import HOST

PATIENCE_S = 30.0
# A process that has the service imported already makes the others, each in a few milliseconds.
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["billing_api.main"])


class Victim:
    """One process, and a client of it."""

    def __init__(self, process: BaseProcess, http: httpx.AsyncClient) -> None:
        self._process = process
        self.http = http

    async def run_due(self) -> httpx.Response:
        """Due work once, as jobs asks for it."""
        return await self.http.post("/internal/due/run", headers={"Authorization": f"Bearer {SERVICE_TOKEN}"})

    async def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is tidied up."""
        assert self._process.pid is not None
        assert self._process.is_alive()
        os.kill(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.join)


@asynccontextmanager
async def victim_running(settings: Settings) -> AsyncIterator[Victim]:
    """billing-api as `python -m billing_api` runs it."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    its_own = settings.model_copy(update={"host": HOST, "port": port})
    process = _processes.Process(target=_serve, args=(its_own,), daemon=True)
    await asyncio.to_thread(process.start)
    try:
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=PATIENCE_S) as http:
            await _ready(http)
            yield Victim(process, http)
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


def _serve(settings: Settings) -> None:
    serve(create_app(settings), settings, "billing-api")


async def _ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                if (await http.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.01)


class Barrier:
    """Locks in the database, taken one by one: each stops the service at its own step."""

    def __init__(self, database: Database, opened: AsyncExitStack) -> None:
        self._database = database
        self._opened = opened
        self._holding: list[AsyncExitStack] = []

    async def hold(self, statement: str) -> None:
        """Take a lock."""
        held = AsyncExitStack()
        session = await held.enter_async_context(self._database.transaction())
        await session.execute(text(statement))
        await self._opened.enter_async_context(held)
        self._holding.append(held)

    async def let_go(self) -> None:
        """Give the oldest lock back."""
        await self._holding.pop(0).aclose()

    async def reached(self, billing: Billing) -> None:
        """Wait until the service waits for what is held."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with asyncio.timeout(PATIENCE_S):
            while not await billing.one(waiting):
                await asyncio.sleep(0.005)


@asynccontextmanager
async def barrier(billing: Billing) -> AsyncIterator[Barrier]:
    """Everything is given back in the end."""
    async with AsyncExitStack() as opened:
        yield Barrier(billing.database, opened)
