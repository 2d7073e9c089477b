"""Due work gives way: codes-api, where members redeem, is left alone between two pieces for as long as a piece took."""

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest
from jobs.services import Owner
from jobs.tasks import run_due as task
from shared.clock import SystemClock
from shared.contracts.due import DueRun

PIECE_S = 0.5


class Busy:
    """An owner with three pieces of due work, each of which takes half a second of a clock that the test holds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.left = 3
        self.pauses: list[float] = []

    async def run_due(self) -> DueRun:
        self.now += PIECE_S
        self.left -= 1
        return DueRun(done=1, next_due_at=datetime(2020, 1, 1, tzinfo=UTC) if self.left else None)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(("name", "pauses"), [("codes", [PIECE_S, PIECE_S]), ("billing", [0.0, 0.0])])
async def test_a_piece_is_followed_by_a_pause(monkeypatch: pytest.MonkeyPatch, name: str, pauses: list[float]) -> None:
    owner = Busy()
    monkeypatch.setattr("jobs.tasks.run_due.monotonic", lambda: owner.now)
    monkeypatch.setattr(asyncio, "sleep", owner.sleep)
    assert await task.run_due(cast("Owner", owner), name, SystemClock()) == 3
    assert owner.pauses == pauses
