"""What tests of codes-api alone share."""

from collections.abc import AsyncIterator

import pytest
import structlog
from shared.db import Database
from shared.settings import sqlalchemy_url

from tests.support.clock import MovableClock
from tests.support.codes_api import Codes, Shop, codes_running
from tests.support.codes_world import World

if not structlog.is_configured():
    # Its default draws tracebacks with all their variables, which takes seconds for an error inside a request.
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, renderer])


@pytest.fixture
async def codes_database(codes_database_url: str) -> AsyncIterator[Database]:
    """The test's own database, with connections enough for fifty rivals and those who watch them."""
    database = Database(sqlalchemy_url(codes_database_url), application_name="tests", pool_size=60)
    yield database
    await database.close()


@pytest.fixture
async def world(codes_database: Database) -> World:
    """An account with a project, in an otherwise empty database."""
    return await World(codes_database).begin()


@pytest.fixture
async def codes(codes_database_url: str, redis_url: str, clock: MovableClock) -> AsyncIterator[Codes]:
    """A running codes-api."""
    async with codes_running(codes_database_url, redis_url, clock) as running:
        yield running


@pytest.fixture
async def shop(codes: Codes) -> Shop:
    """A creator with a project that is ready for generation, whose chat is linked."""
    return await codes.shop()
