"""A Redis of one test's own, that it may stop and start."""

import asyncio
import os
import signal
import socket
from pathlib import Path

from memberpass_local.embedded_redis import redis_program

HOST = "127.0.0.1"


class OwnRedis:
    """Keeps its data over a stop, as a durable one does."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as chosen:
            chosen.bind((HOST, 0))
            self._port: int = chosen.getsockname()[1]
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Its database 0."""
        return f"redis://{HOST}:{self._port}/0"

    async def start(self) -> None:
        """Start the process; it answers a moment later."""
        options = ["--port", str(self._port), "--bind", HOST, "--dir", str(self._folder), "--appendonly", "yes", "--save", ""]
        self._process = await asyncio.create_subprocess_exec(
            str(redis_program(os.environ)), *options, stdout=asyncio.subprocess.DEVNULL
        )

    async def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the process, if there is one."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()
