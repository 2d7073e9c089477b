"""Time under the test's own hand."""

from datetime import datetime, timedelta
from pathlib import Path

from shared.clock import SandboxClock


class MovableClock(SandboxClock):
    """The sandbox clock with its file (`path`, for settings) and a way to go on from now."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def advance(self, step: timedelta | None = None, /, **parts: float) -> datetime:
        """Move forward by a timedelta or its parts (`days=3`); the moment after it."""
        self.move_to(self.now() + (step or timedelta(**parts)))
        return self.now()
