"""The clock of the domain. Nothing else in a service asks for the time.

`SystemClock` is production. `SandboxClock` is the local stack's and the tests': the same UTC time plus an offset that
billing-api moves forward (`/v1/sandbox/clock`). The offset lives in a small file, so that every process of one machine
sees a jump at once, `now()` needs no await, and a restart forgets nothing.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Gives the domain its time."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)


class SandboxClock:
    """The machine's clock plus the offset that stands in a file (microseconds, decimal digits).

    A missing file means an offset of zero. Writers replace the file in one step (rename), so that a reader sees the
    old offset or the new one and never half of one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        """The present sandbox moment, aware, UTC."""
        return datetime.now(UTC) + self.offset()

    def offset(self) -> timedelta:
        """How far the sandbox is ahead of the machine."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return timedelta()
        mark = (stat.st_ino, stat.st_mtime_ns)
        if mark != self._seen:
            self._offset = timedelta(microseconds=int(self._path.read_text(encoding="ascii")))
            self._seen = mark
        return self._offset

    def move_to(self, moment: datetime) -> None:
        """Set the clock to `moment` (aware UTC); it runs on from there. Only billing-api calls this.

        Raises:
            ValueError: `moment` lies before the present sandbox time: time never runs backwards.
        """
        current = self.offset()
        wanted = moment - datetime.now(UTC)
        if wanted < current:
            msg = "the sandbox clock only moves forward"
            raise ValueError(msg)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        draft.write_text(str(wanted // timedelta(microseconds=1)), encoding="ascii")
        draft.replace(self._path)
