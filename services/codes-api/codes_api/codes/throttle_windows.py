"""Moving windows of the `limits` library that move with the domain's clock: in Redis, and in this process without it.

The library asks `time.time()`. A sandbox clock that jumps an hour ahead must make what was counted an hour older, so the
Redis side hands the domain's moment to the library's own script, and the process's side makes its entries older by each
jump. Only ever forwards in practice; keys live on real time, which is never faster than the domain's.
"""

import time
from datetime import datetime
from typing import Final, Protocol

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from typing_extensions import override

_JUMP_S: Final = 1.0
"""Two clocks that are read one after the other differ by less; a sandbox clock that was moved by less is no harm."""


class Windows(Protocol):
    """Counts events in moving windows."""

    async def hit(self, now: datetime, item: RateLimitItem, *name: str) -> float:
        """Count one event of `name`: 0 if it is within the limit; else it is not counted, and the seconds until one is."""
        ...


class RedisWindows:
    """Counted by all processes together.

    Args:
        redis_url: `redis://...`.
        timeout_s: for connecting and for each answer.
    """

    def __init__(self, redis_url: str, timeout_s: float) -> None:
        storage = _Bridged(
            f"async+{redis_url}", implementation="redispy", socket_timeout=timeout_s, socket_connect_timeout=timeout_s
        )
        self._bridge = storage.redispy

    async def hit(self, now: datetime, item: RateLimitItem, *name: str) -> float:
        """See `Windows`.

        Raises:
            RedisError, OSError: Redis is away.
        """
        key, moment, span = self._bridge.prefixed_key(item.key_for(*name)), now.timestamp(), item.get_expiry()
        if await self._bridge.lua_acquire_moving_window([key], [moment, item.amount, span, 1]):
            return 0
        window = await self._bridge.lua_moving_window([key], [moment - span, item.amount])
        return max(float(window[0]) + span - moment, 0) if window else span

    async def close(self) -> None:
        """Give the connections back."""
        await self._bridge.storage.aclose()


class _Bridged(RedisStorage):
    @property
    def redispy(self) -> RedispyBridge:
        if not isinstance(self.bridge, RedispyBridge):
            msg = "implementation must be redispy"
            raise TypeError(msg)
        return self.bridge


class ProcessWindows:
    """Counted by this process alone."""

    def __init__(self) -> None:
        self._storage = _AgeingMemory()

    async def hit(self, now: datetime, item: RateLimitItem, *name: str) -> float:
        """See `Windows`."""
        self._storage.follow(now)
        key, span = item.key_for(*name), item.get_expiry()
        if await self._storage.acquire_entry(key, item.amount, span):
            return 0
        oldest, _ = await self._storage.get_moving_window(key, item.amount, span)
        return max(oldest + span - time.time(), 0)


class _AgeingMemory(MemoryStorage):
    @override
    def __init__(self) -> None:
        super().__init__()
        self._ahead: float | None = None

    def follow(self, now: datetime) -> None:
        """Make all entries older by as much as the domain's clock has gone ahead of the machine's since last time."""
        ahead = now.timestamp() - time.time()
        if self._ahead is not None and abs(ahead - self._ahead) < _JUMP_S:
            return
        jump, self._ahead = ahead - (self._ahead if self._ahead is not None else ahead), ahead
        for entries in self.events.values():
            for entry in entries:
                entry.atime -= jump
                entry.expiry -= jump
