"""Which of the updates that were fetched are still open: what to confirm, what to start, what to try again. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

FIRST_PAUSE_S = 0.5
TRIES = 5
"""An update whose answer fails again and again is given up after so many tries, the last one about 8 s after the first."""


@dataclass(slots=True)
class _Open:
    tries: int = 0
    under_way: bool = False
    done: bool = False
    again_at: float = 0.0


class Window:
    """Telegram confirms everything below an offset, and gives again everything from it on. So an update that takes long
    holds the offset, while those behind it go their way and are not started twice."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._behind_last: int | None = None

    @property
    def offset(self) -> int | None:
        """The first update that is not finished, else the one behind the last that came."""
        return min((number for number, one in self._open.items() if not one.done), default=self._behind_last)

    @property
    def busy(self) -> bool:
        """Whether anything is unfinished."""
        return any(not one.done for one in self._open.values())

    def begin(self, fetched: Collection[int], now: float) -> list[int]:
        """Which of the fetched updates to start now, in order; `now` in seconds of a monotonic clock."""
        chosen = []
        if not self._open:
            # After a quiet week Telegram begins at another number, which may be a lower one.
            self._behind_last = max(fetched, default=-1) + 1 or self._behind_last
        for number in fetched:
            one = self._open.setdefault(number, _Open())
            self._behind_last = max(self._behind_last or 0, number + 1)
            if not (one.done or one.under_way) and one.again_at <= now:
                one.under_way, one.tries = True, one.tries + 1
                chosen.append(number)
        return chosen

    def finish(self, number: int, now: float, *, handled: bool, rest_s: float = 0) -> None:
        """An update was handled, or failed in a way that passes: then it comes again after a growing pause, and not
        before the rest that Telegram asked for."""
        one = self._open[number]
        one.under_way, one.done = False, handled or one.tries >= TRIES
        one.again_at = now + max(rest_s, FIRST_PAUSE_S * 2 ** (one.tries - 1))
        if (offset := self.offset) is not None:
            self._open = {number: one for number, one in self._open.items() if number >= offset}
