"""How fast a bot may write (https://core.telegram.org/bots/faq, "My bot is hitting limits"), and failures made to order.

The real limits are not published exactly; these are generous enough for a well-behaved bot (T3: 1 message a second a chat,
25 a second a bot) and stop one that is not.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from memberpass_local.telegram.errors import BotApiError

_PHRASES = {
    400: "Bad Request: forced by the sandbox",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: forced by the sandbox",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}
TOO_MANY = 429


class Pace(BaseModel):
    """The limits in force."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chat_burst: int = Field(default=20, ge=1, description="messages to one chat within the window")
    chat_window_seconds: float = Field(default=10, gt=0)
    bot_per_second: int = Field(default=30, ge=1, description="messages of one bot within a second")


class Failure(BaseModel):
    """Make the next `times` calls fail. `method` and `bot` narrow down which (any case; none = all).

    `hang_seconds` lets the caller wait first, longer than its patience is a time-out. `after` says that the call has its
    effect and only the answer is lost.
    """

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    bot: str | None = None
    times: int = Field(default=1, ge=0, le=10_000)
    status: Literal[400, 401, 403, 409, 429, 500, 502, 504] = 500
    retry_after: int = Field(default=1, ge=1, le=3600, description="seconds, for 429")
    description: str | None = None
    hang_seconds: float = Field(default=0, ge=0, le=600)
    after: bool = False

    def error(self) -> BotApiError:
        """What the caller gets."""
        if self.status == TOO_MANY:
            return BotApiError.too_many(self.retry_after)
        return BotApiError(self.status, self.description or _PHRASES[self.status])


class Limits:
    """Counts messages and hands out the failures made to order.

    Args:
        pace: the limits.
        ticks: a monotonic clock in seconds.
    """

    def __init__(self, pace: Pace, ticks: Callable[[], float]) -> None:
        self.pace = pace
        self.failures: list[Failure] = []
        self._ticks = ticks
        self._sent: dict[tuple[int, int | None], deque[float]] = {}

    def count_message(self, bot_id: int, chat_id: int) -> None:
        """A bot is about to write or edit a message.

        Raises:
            BotApiError: 429 with the seconds to wait. A refused message does not count.
        """
        now = self._ticks()
        windows = (
            ((bot_id, chat_id), self.pace.chat_burst, self.pace.chat_window_seconds),
            ((bot_id, None), self.pace.bot_per_second, 1.0),
        )
        for key, most, seconds in windows:
            sent = self._sent.setdefault(key, deque())
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            if len(sent) >= most:
                raise BotApiError.too_many(max(1, math.ceil(sent[len(sent) - most] + seconds - now)))
        for key, _, _ in windows:
            self._sent[key].append(now)

    def take_failure(self, method: str, bot_username: str) -> Failure | None:
        """The failure that this call must meet, if one was made to order; it is used up by that."""
        found = next(self._fitting(method, bot_username), None)
        if found is not None:
            found.times -= 1
            self.failures = [failure for failure in self.failures if failure.times > 0]
        return found

    def _fitting(self, method: str, bot_username: str) -> Iterator[Failure]:
        for failure in self.failures:
            by_method = failure.method is None or failure.method.lower() == method.lower()
            by_bot = failure.bot is None or failure.bot.removeprefix("@").lower() == bot_username.lower()
            if failure.times > 0 and by_method and by_bot:
                yield failure
