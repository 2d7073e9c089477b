"""Finds and stops what an earlier stack of a home has left running: its supervisor was killed, or the machine has no
way to end children with their parent.

Process ids in files prove nothing (the number may be somebody else's by now), so the processes themselves are asked:
services carry the home in their environment; PostgreSQL and Redis, which overwrite theirs, work in its data folder.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from memberpass_local.home import Home
from memberpass_local.spawn import HOME_MARK

_SERVERS = ("postgres", "redis-server", "valkey-server")
_ASK_S = 4.0
_KILL_S = 3.0


def stop_leftovers(home: Home, *server_folders: Path) -> int:
    """Stop every process of this home, asking first. Only call it holding the home's lock.

    Args:
        home: whose processes.
        server_folders: data folders of embedded servers that lie outside the home.

    Returns:
        How many there were.
    """
    roots = (home.data.resolve(), *(folder.resolve() for folder in server_folders))
    found = list(_processes_of(home, roots))
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            _ask_to_end(process, found)
    _wait(found, _ASK_S)
    # Asked again, not remembered: a PostgreSQL whose main process was killed may only now have lost its helpers.
    stubborn = list(_processes_of(home, roots))
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(stubborn, _KILL_S)
    for pid_file in home.run.glob("*.pid"):
        pid_file.unlink(missing_ok=True)
    return len({process.pid for process in (*found, *stubborn)})


def _wait(processes: list[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(map(_lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    """A zombie does not: it holds nothing any more, and waits for whoever adopted it to take note."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _processes_of(home: Home, roots: tuple[Path, ...]) -> Iterator[psutil.Process]:
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        if process.pid in mine:
            continue
        # Other people's processes can't be looked into, and are not ours.
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(HOME_MARK) == str(home.path) or _serves_from(process, roots):
                yield process


def _serves_from(process: psutil.Process, roots: tuple[Path, ...]) -> bool:
    if not process.name().startswith(_SERVERS):
        return False
    folder = Path(process.cwd())
    return any(folder.is_relative_to(root) for root in roots)


def _ask_to_end(process: psutil.Process, found: list[psutil.Process]) -> None:
    if not process.name().startswith("postgres"):
        process.terminate()
    elif process.parent() not in found:
        # Fast shutdown. PostgreSQL's helpers end with their main process, and take signals to mean other things.
        process.send_signal(signal.SIGINT)
