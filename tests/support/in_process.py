"""Run an ASGI app on a real socket inside the test's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

HOST = "127.0.0.1"


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The app's base URL while the block lasts."""
    # asyncio switches Nagle off only where the protocol is named, and a response in two writes would take 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((HOST, 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    # Not serve(): that takes the process's signal handlers, which are pytest's.
    task = asyncio.create_task(server._serve(sockets=[listener]))
    try:
        while not server.started:  # uvicorn sets a flag, no event
            await asyncio.sleep(0.001)
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True  # nobody is left to be served
        await task
        listener.close()
