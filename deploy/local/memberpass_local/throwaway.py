"""Embedded servers for tests and checks: a folder of their own, no waiting for the disk, gone at the end."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from memberpass_local.embedded_postgres import EmbeddedPostgres, prepare_postgres
from memberpass_local.embedded_redis import prepare_redis
from memberpass_local.home import Home
from memberpass_local.postgres_places import outside_folders
from memberpass_local.spawn import ProcessSpec
from memberpass_local.supervisor import Supervisor


@contextmanager
def throwaway_home() -> Iterator[Home]:
    """A home that others may pass through (root's PostgreSQL runs as one of them); deleted with all that belongs to it."""
    folder = Path(tempfile.mkdtemp(prefix="memberpass-throwaway-"))
    folder.chmod(0o711)
    home = Home.at(folder)
    home.make()
    try:
        yield home
    finally:
        for path in (*outside_folders(home), folder):
            shutil.rmtree(path)


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
