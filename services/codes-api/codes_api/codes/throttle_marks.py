"""Marks that lapse at a moment of the domain: "this member waits until", "this one missed", "this project is slowed".

Each process keeps those it made; Redis spreads them to the others. A look costs a share of one MGET: looks that come while
one is under way go together with the next, because a command of its own for each would cost a redemption a tenth.
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from redis.asyncio import Redis

_PREFIX: Final = "throttle:"
_MOST_AT_ONCE: Final = 200
_MOST_KEPT: Final = 50_000


class ProcessMarks:
    """This process's own. When there are too many, the oldest go: it's a fallback, not a record."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def put(self, name: str, until: datetime, now: datetime) -> None:
        """Set a mark; a later end stays."""
        if self._until.get(name, now) > until:
            return
        self._until.pop(name, None)  # to the end of the order
        self._until[name] = until
        while len(self._until) > _MOST_KEPT:
            self._until.pop(next(iter(self._until)))

    def get(self, name: str, now: datetime) -> datetime | None:
        """When the mark lapses; None: it has, or there is none."""
        until = self._until.get(name)
        if until is None or until > now:
            return until
        del self._until[name]
        return None


class RedisMarks:
    """Those of all processes.

    Args:
        redis_url: `redis://...`.
        timeout_s: for connecting and for each answer.
    """

    def __init__(self, redis_url: str, timeout_s: float) -> None:
        self._redis: Redis = Redis.from_url(redis_url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
        self._asked: list[tuple[Sequence[str], asyncio.Future[list[datetime | None]]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def put(self, name: str, until: datetime, now: datetime) -> None:
        """Set a mark. Its key lives as long in real time, which is never faster than the domain's.

        Raises:
            RedisError, OSError: Redis is away.
        """
        seconds = max(math.ceil((until - now).total_seconds()), 1)
        await self._redis.set(_PREFIX + name, repr(until.timestamp()), ex=seconds)

    async def get(self, names: Sequence[str]) -> list[datetime | None]:
        """When each mark lapses, which may be past; None: there is none.

        Raises:
            RedisError, OSError: Redis is away.
        """
        answer: asyncio.Future[list[datetime | None]] = asyncio.get_running_loop().create_future()
        self._asked.append((names, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def ping(self) -> None:
        """Raises:
        RedisError, OSError: Redis is away.
        """
        await self._redis.ping()

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _ask(self) -> None:
        try:
            while self._asked:
                together, self._asked = self._asked[:_MOST_AT_ONCE], self._asked[_MOST_AT_ONCE:]
                try:
                    values = iter(await self._redis.mget([_PREFIX + name for names, _ in together for name in names]))
                except BaseException as error:  # whatever it is, those who wait must hear of it
                    for _, answer in together:
                        if not answer.done():
                            answer.set_exception(error if isinstance(error, Exception) else ConnectionError())
                    if not isinstance(error, Exception):
                        raise
                else:
                    for names, answer in together:
                        moments = _moments(next(values) for _ in names)
                        if not answer.done():
                            answer.set_result(moments)
        finally:
            self._asking = None


def _moments(values: Iterable[bytes | None]) -> list[datetime | None]:
    return [None if value is None else datetime.fromtimestamp(float(value), UTC) for value in values]
