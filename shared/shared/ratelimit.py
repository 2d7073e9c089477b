"""Rate limits by the `limits` library, counted in Redis so that all processes count together."""

import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.errors import DependencyUnavailableError, RateLimitedError
from shared.logging import get_logger
from shared.problems import Outage

log = get_logger(__name__)

REDIS_OUTAGE = Outage("Redis", (RedisConnectionError, RedisTimeoutError), lambda _: True)
"""How a service tells that Redis is away."""


class RequestLimiter:
    """Counts requests a minute by a name (a key's id, an address).

    With Redis away, readers are counted by this process alone, and writers are told to come back: a write that can be
    neither counted nor handed to a worker is better refused than left lying.

    Args:
        redis_url: `redis://...`.
        per_minute: requests a minute for one name.
    """

    def __init__(self, redis_url: str, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._shared = MovingWindowRateLimiter(RedisStorage(f"async+{redis_url}", implementation="redispy"))
        self._local = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, name: str, *, writes: bool, limit: RateLimitItem | None = None) -> None:
        """Count one request.

        Raises:
            RateLimitedError: over the limit; says when to come back.
            DependencyUnavailableError: Redis is away and the request writes.
        """
        item = limit or self._limit
        try:
            await self._count(self._shared, item, name)
        except (RedisError, OSError) as error:
            log.warning("rate_limit_without_redis", error=type(error).__name__)
            if writes:
                raise DependencyUnavailableError("Redis") from error
            await self._count(self._local, item, name)

    async def _count(self, limiter: MovingWindowRateLimiter, item: RateLimitItem, name: str) -> None:
        if await limiter.hit(item, name):
            return
        window = await limiter.get_window_stats(item, name)
        raise RateLimitedError(max(1, round(window.reset_time - time.time())))
