"""A real worker process: `python -m jobs`."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from jobs.settings import Settings


class JobsProcess:
    """One process and what it logged so far."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        """Its standard output."""
        return self._log.read_text(encoding="utf-8")

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process.returncode is None

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code."""
        if self.running:
            self._process.send_signal(number)
        return await self.exit_code()

    async def exit_code(self) -> int:
        """Wait until it ends by itself."""
        return await self._process.wait()


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What the process is told."""
    return {
        "PATH": os.environ["PATH"],
        "REDIS_URL": settings.redis_url,
        "SERVICE_TOKEN": settings.service_token.get_secret_value(),
        "SANDBOX": "1" if settings.sandbox else "0",
        "SANDBOX_CLOCK_FILE": str(settings.sandbox_clock_file),
        "CODES_API_URL": settings.codes_api_url,
        "BILLING_API_URL": settings.billing_api_url,
        "BOT_GATEWAY_URL": settings.bot_gateway_url,
        **more,
    }


@contextlib.asynccontextmanager
async def jobs_process(env: dict[str, str], folder: Path, *arguments: str) -> AsyncIterator[JobsProcess]:
    """A worker while the block lasts; what is left of it then is killed."""
    log = folder / "jobs.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobs", *arguments, env=env, stdout=output, stderr=asyncio.subprocess.STDOUT
        )
    try:
        running = JobsProcess(process, log)
        yield running
    finally:
        await running.end(signal.SIGKILL)
