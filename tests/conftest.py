"""What every test can ask for: a real PostgreSQL and Redis, each test on its own data, and a clock to move.

The servers start when the first test of a process asks for them. Given servers are used instead of embedded ones with
TEST_DATABASE_URL and TEST_REDIS_URL.
"""

import gc
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.support.background import BackgroundLoop
from tests.support.clock import MovableClock
from tests.support.postgres import PostgresServer, migrated, session_postgres
from tests.support.redis import empty, session_redis

T = TypeVar("T")

# The suite has five minutes. HYPOTHESIS_EXAMPLES=1000 searches for longer.
settings.register_profile("suite", max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "40")), deadline=None)
settings.load_profile("suite")
Templates = Mapping[str, Future[str]]
DATABASES = {"codes-api": "CODES_DATABASE_URL", "billing-api": "BILLING_DATABASE_URL"}


def pytest_collection_finish() -> None:
    """What was imported for the tests stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def background() -> Iterator[BackgroundLoop]:
    """The loop that the servers live on."""
    with BackgroundLoop() as loop:
        yield loop


@pytest.fixture(scope="session")
def postgres_server(background: BackgroundLoop) -> Iterator[PostgresServer]:
    """The server; most tests want one of the database URLs below."""
    with _held(background, session_postgres()) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server_url(background: BackgroundLoop) -> Iterator[str]:
    """This process's Redis database, with whatever the last test left in it."""
    with _held(background, session_redis(os.environ.get("PYTEST_XDIST_WORKER", ""))) as url:
        yield url


@pytest.fixture
def redis_url(background: BackgroundLoop, redis_server_url: str) -> str:
    """An empty Redis database."""
    background.run(empty(redis_server_url))
    return redis_server_url


@pytest.fixture(scope="session")
def templates(background: BackgroundLoop, postgres_server: PostgresServer) -> Iterator[Templates]:
    """The migrated databases that each test's own are copied from, by service: both histories run at the same time."""
    begun = {service: background.begin(migrated(postgres_server, service, variable)) for service, variable in DATABASES.items()}
    yield begun
    wait(begun.values())  # not before alembic is done with a server that is about to stop


@pytest.fixture
def empty_database_url(background: BackgroundLoop, postgres_server: PostgresServer) -> Iterator[str]:
    """A database without tables."""
    with _database(background, postgres_server, "empty", None) as url:
        yield url


@pytest.fixture
def codes_database_url(background: BackgroundLoop, postgres_server: PostgresServer, templates: Templates) -> Iterator[str]:
    """A fresh, migrated database of codes-api."""
    with _database(background, postgres_server, "codes", templates["codes-api"].result()) as url:
        yield url


@pytest.fixture
def billing_database_url(background: BackgroundLoop, postgres_server: PostgresServer, templates: Templates) -> Iterator[str]:
    """A fresh, migrated database of billing-api."""
    with _database(background, postgres_server, "billing", templates["billing-api"].result()) as url:
        yield url


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    """A sandbox clock of the test's own; `clock.path` is what SANDBOX_CLOCK_FILE names."""
    return MovableClock(tmp_path / "sandbox-clock")


@contextmanager
def _held(background: BackgroundLoop, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Enter an asynchronous context on the background loop, and leave it there."""
    value = background.run(_entered(manager))
    try:
        yield value
    finally:
        background.run(_left(manager))


async def _entered(manager: AbstractAsyncContextManager[T]) -> T:
    return await manager.__aenter__()


async def _left(manager: AbstractAsyncContextManager[T]) -> None:
    await manager.__aexit__(None, None, None)


@contextmanager
def _database(background: BackgroundLoop, server: PostgresServer, prefix: str, template: str | None) -> Iterator[str]:
    name = background.run(server.create(prefix, template=template))
    try:
        yield server.url(name)
    finally:
        background.run(server.drop(name))
