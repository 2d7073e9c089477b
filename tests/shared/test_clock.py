from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shared.clock import SandboxClock, SystemClock


def test_without_a_file_the_sandbox_shows_the_machines_time(tmp_path: Path) -> None:
    assert abs(SandboxClock(tmp_path / "clock").now() - SystemClock().now()) < timedelta(seconds=5)


def test_a_jump_is_seen_by_every_clock_on_the_same_file(tmp_path: Path) -> None:
    mover, reader = SandboxClock(tmp_path / "clock"), SandboxClock(tmp_path / "clock")
    reader.now()
    for days in (1, 400):
        target = datetime.now(UTC) + timedelta(days=days)
        mover.move_to(target)
        assert timedelta(0) <= reader.now() - target < timedelta(seconds=5)


def test_time_never_runs_backwards(tmp_path: Path) -> None:
    clock = SandboxClock(tmp_path / "clock")
    clock.move_to(datetime.now(UTC) + timedelta(days=1))
    before = clock.now()
    with pytest.raises(ValueError, match="forward"):
        clock.move_to(datetime.now(UTC) + timedelta(hours=23))
    assert clock.now() >= before


def test_the_offset_survives_a_restart(tmp_path: Path) -> None:
    target = datetime.now(UTC) + timedelta(days=7)
    SandboxClock(tmp_path / "clock").move_to(target)
    assert SandboxClock(tmp_path / "clock").now() >= target
