"""Run an ASGI app on a real socket inside the test's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from uvicorn.server import ServerState

HOST = "127.0.0.1"
PATIENCE_S = 2.0
"""For requests that are under way when the block ends; then they are cancelled."""


def listening(port: int = 0) -> socket.socket:
    """A socket that waits for connections; port 0 is a free one."""
    # asyncio switches Nagle off only where the protocol is named, and a response in two writes would take 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen()
    return listener


@contextlib.asynccontextmanager
async def served(app: Any, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """The app's base URL while the block lasts, by uvicorn's protocol. Its lifespan is the caller's affair.

    uvicorn's own server looks ten times a second whether it is to stop, and waits as long again: a third of the suite.
    """
    listener = listener or listening()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
            config=config, server_state=state, app_state={}, _loop=loop
        )
        return made

    server = await loop.create_server(protocol, sock=listener)
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.close()
        if state.tasks:
            _, late = await asyncio.wait(state.tasks, timeout=PATIENCE_S)
            for task in late:
                task.cancel()
        for connection in list(state.connections):
            connection.transport.abort()


@contextlib.asynccontextmanager
async def served_whole(app: Any, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """The app's base URL while the block lasts, inside its lifespan."""
    async with app.router.lifespan_context(app), served(app, listener) as url:
        yield url
