"""Where members redeem: MemberPass, or the bare handler that is its floor. The members are a process of their own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from memberpass_local.bench.creator import Creator
from memberpass_local.bench.load import Job, Result
from memberpass_local.bench.plan import CONNECTIONS
from memberpass_local.demo.checks import eventually, must_equal
from memberpass_local.ports import HOST, free_port

OK = 200
Ticket = tuple[str, int]
"""A code, and the Telegram id of the member who redeems it."""


@dataclass(frozen=True)
class Target:
    """One address that takes redemptions."""

    url: str
    path: str
    headers: dict[str, str]

    async def redeem(self, tickets: Sequence[Ticket], *, until: asyncio.Event | None = None) -> Result:
        """Have each code redeemed by a client process, in their order.

        Args:
            until: when it is set, the rest is left.

        Raises:
            StoryError: an answer was no 200.
        """
        place = urlsplit(self.url)
        job = Job(
            host=place.hostname or HOST,
            port=place.port or 80,
            path=self.path,
            headers=self.headers,
            connections=CONNECTIONS,
            bodies=[json.dumps({"text": code, "telegram_id": member}) for code, member in tickets],
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "memberpass_local.bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        ending = asyncio.create_task(_end(process, until)) if until is not None else None
        output, _ = await process.communicate(job.model_dump_json().encode())
        if ending is not None:
            ending.cancel()
        must_equal("the client process", process.returncode, 0)
        result = Result.model_validate_json(output)
        must_equal("the answers", set(result.statuses), {OK})
        if until is None:
            must_equal("redemptions", result.statuses[OK], len(tickets))
        return result


async def _end(process: asyncio.subprocess.Process, until: asyncio.Event) -> None:
    await until.wait()
    process.terminate()


def memberpass(creator: Creator, codes_api: str, service_token: str) -> Target:
    """codes-api's own address for the redemptions of a project."""
    path = f"/internal/projects/{creator.account_id}/{creator.project_id}/redemptions"
    return Target(codes_api, path, {"Authorization": f"Bearer {service_token}"})


@asynccontextmanager
async def bare_handler(database_url: str) -> AsyncIterator[Target]:
    """The floor's process while the block lasts."""
    port = free_port()
    env = {**os.environ, "BENCH_DATABASE_URL": database_url, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "memberpass_local.bench.bare", env=env)
    url = f"http://{HOST}:{port}"
    try:
        async with httpx.AsyncClient() as http:

            async def ready() -> bool | None:
                try:
                    return (await http.get(f"{url}/readyz")).is_success or None
                except httpx.TransportError:
                    return None

            await eventually("the bare handler is up", ready)
        yield Target(url, "/redemptions", {})
    finally:
        process.terminate()
        await process.wait()
