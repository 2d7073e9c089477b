"""The Redis of a test session."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import redis.asyncio
from memberpass_local.throwaway import throwaway_redis

GIVEN = "TEST_REDIS_URL"
"""Names a server to use instead of the embedded one. Its databases 1 to 15 are emptied."""
LAST_DATABASE = 15


@asynccontextmanager
async def session_redis(worker: str) -> AsyncIterator[str]:
    """The URL of this worker's own database: on a server of its own, or on the given one that workers share.

    Args:
        worker: pytest-xdist's name of this process, `gw0` and on; anything else without it.
    """
    given = os.environ.get(GIVEN)
    if given:
        number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 0
        yield urlunsplit(urlsplit(given)._replace(path=f"/{1 + number % LAST_DATABASE}"))
    else:
        async with throwaway_redis() as url:
            yield url


async def empty(url: str) -> None:
    """Delete every key of the URL's database."""
    async with redis.asyncio.Redis.from_url(url) as client:
        await client.flushdb()
