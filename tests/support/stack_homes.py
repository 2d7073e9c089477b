"""Homes and ports for stacks of a test's own."""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from memberpass_local.clean import clean
from memberpass_local.home import Home
from memberpass_local.ports import free_base
from memberpass_local.spawn import HOME_MARK
from memberpass_local.throwaway import fastest_parent

# Below the range that systems hand out by themselves.
_FIRST, _LAST = 20000, 29000


@contextmanager
def stack_home(name: str = "a home") -> Iterator[Path]:
    """A folder to be a stack's home; cleaned as `clean` does. By default with a space in its path."""
    parent = Path(tempfile.mkdtemp(prefix="memberpass-test-", dir=fastest_parent()))
    parent.chmod(0o711)
    try:
        yield parent / name
    finally:
        clean(Home.at(parent / name))
        shutil.rmtree(parent)


def free_port_base() -> int:
    """A base whose four ports are free: from a random place on, for tests that run at the same time."""
    return free_base(random.randrange(_FIRST, _LAST, 10))  # noqa: S311 - any will do


def processes_of(home: Path) -> list[psutil.Process]:
    """What lives with this home in its environment. (Redis overwrites its own: not seen.)"""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(HOME_MARK) == str(home) and lives(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def lives(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_of(home: Path, name: str) -> int:
    """What a process's pid file says."""
    return int(Home.at(home).pid_file_of(name).read_text())


def environ_without(*prefixes: str) -> dict[str, str]:
    """This process's environment without what would configure a stack."""
    ours = ("MEMBERPASS_", "CODES_", "BILLING_", "REDIS_", "TELEGRAM_", "SANDBOX", "PUBLIC_URL", *prefixes)
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
