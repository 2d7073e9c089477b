"""Wrong guesses have their price (`rules.md` C7).

- After 5 misses in 10 minutes a member waits 15 minutes in that project, also with a good code: otherwise every further
  guess would tell by its answer whether it was one. Tries made while waiting are no misses and do not prolong it.
- After 1,000 misses in an hour a project is slowed for an hour after the last of them: a member with a miss in that time
  gets one try a minute there. Its creator is told, once in an hour of the clock.

A miss is a text that is no code of the project: mistyped or unknown, in a preview or to be redeemed. An expired, revoked or
used code is a real one, which somebody was given and not guessed; a refusal for the creator's account is no fault of the
member. None of them counts.

Moments are the domain's. Within a process a member's tries go one after the other, so that a burst of guesses gets no
further than a row of them; with several processes one try more for each further process may be looked up.

Redis is never waited for long: with it away (no answer within `TIMEOUT_S`) this process counts for itself and honours
the waits it knows of, and looks beside the requests whether Redis is back.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from redis.exceptions import RedisError
from shared.logging import get_logger

from codes_api.codes.throttle_marks import ProcessMarks, RedisMarks
from codes_api.codes.throttle_windows import ProcessWindows, RedisWindows

T = TypeVar("T")
log = get_logger(__name__)

MISSES: Final = 5
WINDOW_MINUTES: Final = 10
WAIT: Final = timedelta(minutes=15)
PROJECT_MISSES: Final = 1000
SLOWED: Final = timedelta(hours=1)

TIMEOUT_S: Final = 0.1
RETRY_S: Final = 1.0

# The library says which event is one too many; the rule speaks of the last one that isn't, and it is the one before.
_MEMBER: Final[RateLimitItem] = RateLimitItemPerMinute(MISSES - 1, WINDOW_MINUTES)
_PROJECT: Final[RateLimitItem] = RateLimitItemPerHour(PROJECT_MISSES - 1)
_PACE: Final[RateLimitItem] = RateLimitItemPerMinute(1)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in one project. `name` and `project` are what they are remembered by."""

    account_id: UUID
    project_id: UUID
    telegram_id: int

    @property
    def project(self) -> str:
        """The project, with the account that leads."""
        return f"{self.account_id}:{self.project_id}"

    @property
    def name(self) -> str:
        """The member in it."""
        return f"{self.account_id}:{self.project_id}:{self.telegram_id}"


class Throttle:
    """Knows who waits. One a process.

    Args:
        redis_url: `redis://...`.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis = RedisWindows(redis_url, TIMEOUT_S)
        self._process = ProcessWindows()
        self._spread = RedisMarks(redis_url, TIMEOUT_S)
        self._own = ProcessMarks()
        self._turns: WeakValueDictionary[Member, asyncio.Lock] = WeakValueDictionary()
        self._away = False
        self._look_again = 0.0
        self._probe: asyncio.Task[None] | None = None

    def turn(self, member: Member) -> asyncio.Lock:
        """Held while a member tries a code: their next try waits for this one."""
        lock = self._turns.get(member)
        if lock is None:
            lock = self._turns[member] = asyncio.Lock()
        return lock

    async def wait(self, member: Member, now: datetime) -> int:
        """For how many seconds the member has to wait before a try; 0: not at all. One share of a look into Redis."""
        waits, missed, slowed = f"wait:{member.name}", f"miss:{member.name}", f"slow:{member.project}"
        until = self._own.get(waits, now)
        if until is None:
            shared = await self._shared(lambda: self._spread.get((waits, missed, slowed))) or [None] * 3
            until = shared[0]
            if until is None or until <= now:
                miss = _later(shared[1], self._own.get(missed, now))
                slow = _later(shared[2], self._own.get(slowed, now))
                if miss is None or slow is None or miss <= now or slow <= now:
                    return 0
                return math.ceil(await self._hit(now, _PACE, "pace", member.name))
        return math.ceil((until - now).total_seconds())

    async def missed(self, member: Member, now: datetime) -> bool:
        """Count a miss; whether it was one too many for the project, so that its creator has to know."""
        await self._mark(f"miss:{member.name}", now + SLOWED, now)
        if await self._hit(now, _MEMBER, "member", member.name):
            await self._mark(f"wait:{member.name}", now + WAIT, now)
        if not await self._hit(now, _PROJECT, "project", member.project):
            return False
        await self._mark(f"slow:{member.project}", now + SLOWED, now)
        return True

    async def close(self) -> None:
        """Give the connections back."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self._spread.close()
        await self._redis.close()

    async def _mark(self, name: str, until: datetime, now: datetime) -> None:
        self._own.put(name, until, now)
        await self._shared(lambda: self._spread.put(name, until, now))

    async def _hit(self, now: datetime, item: RateLimitItem, *name: str) -> float:
        counted = await self._shared(lambda: self._redis.hit(now, item, *name))
        return counted if counted is not None else await self._process.hit(now, item, *name)

    async def _shared(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis says; None while it is away."""
        if self._away:
            self._look_for_it()
            return None
        try:
            return await ask()
        except (RedisError, OSError) as error:
            self._away, self._look_again = True, time.monotonic() + RETRY_S
            log.warning("throttle_without_redis", error=type(error).__name__)
            return None

    def _look_for_it(self) -> None:
        if self._probe is None and time.monotonic() >= self._look_again:
            self._probe = asyncio.create_task(self._probing())

    async def _probing(self) -> None:
        try:
            await self._spread.ping()
            self._away = False
            log.info("throttle_with_redis")
        except (RedisError, OSError):
            self._look_again = time.monotonic() + RETRY_S
        finally:
            self._probe = None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
