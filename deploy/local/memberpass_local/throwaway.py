"""Embedded servers for tests and checks: a folder of their own, no waiting for the disk, gone at the end."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from memberpass_local.embedded_postgres import EmbeddedPostgres, prepare_postgres
from memberpass_local.embedded_redis import prepare_redis
from memberpass_local.home import Home, HomeLock
from memberpass_local.leftovers import stop_leftovers
from memberpass_local.postgres_places import outside_folders
from memberpass_local.problems import StackError
from memberpass_local.spawn import ProcessSpec
from memberpass_local.supervisor import Supervisor

_PREFIX = "memberpass-throwaway-"
_SPARED_S = 60.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
_ENOUGH_BYTES = 2 * 1024**3  # containers often have 64 MB


@contextmanager
def throwaway_home() -> Iterator[Home]:
    """A home that others may pass through (root's PostgreSQL runs as one of them); deleted with all that belongs to it."""
    parent = fastest_parent()
    _delete_abandoned(parent)
    home = Home.at(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)))
    home.path.chmod(0o711)
    with HomeLock(home):
        try:
            yield home
        finally:
            _delete(home)


@asynccontextmanager
async def throwaway_postgres() -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL without databases.

    Raises:
        StackError: it can't run here.
    """
    with throwaway_home() as home:
        server = await prepare_postgres(home, os.environ, durable=False)
        async with _running(home, server.spec):
            yield server


@asynccontextmanager
async def throwaway_redis() -> AsyncIterator[str]:
    """The URL of an empty Redis.

    Raises:
        StackError: it can't run here.
    """
    with throwaway_home() as home:
        server = await prepare_redis(home, os.environ, durable=False)
        async with _running(home, server.spec):
            yield server.url


@asynccontextmanager
async def _running(home: Home, spec: ProcessSpec) -> AsyncIterator[None]:
    supervisor = Supervisor(home, auto_restart=False)
    try:
        await supervisor.add([spec])
        yield
    finally:
        await supervisor.stop()


def _delete(home: Home) -> None:
    for folder in (*outside_folders(home), home.path):
        shutil.rmtree(folder)


def _delete_abandoned(parent: Path) -> None:
    """Delete what a killed process has left: nobody holds its lock. The newest are spared, for they may not hold it yet."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(FileNotFoundError, StackError):  # deleted meanwhile, or in use
            about = folder.stat()
            if about.st_uid == os.geteuid() and time.time() - about.st_mtime > _SPARED_S:
                home = Home.at(folder)
                with HomeLock(home):
                    stop_leftovers(home, *outside_folders(home))
                    _delete(home)


def fastest_parent() -> Path:
    """Memory, if the machine gives enough of it as a file system, else the usual place for temporary files.

    A test suite makes and drops a database of 300 files every moment. ext4 keeps inodes of deleted files out of use for
    a minute and searches past them at each new file: a copy takes 20 ms in memory, and 300 ms on ext4 after a while.
    """
    usable = os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES
    return _MEMORY if usable else Path(tempfile.gettempdir())
