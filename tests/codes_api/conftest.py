"""What tests of codes-api alone share."""

from collections.abc import AsyncIterator

import pytest
from shared.db import Database
from shared.settings import sqlalchemy_url

from tests.support.codes_world import World


@pytest.fixture
async def codes_database(codes_database_url: str) -> AsyncIterator[Database]:
    """The test's own database, with connections enough for races."""
    database = Database(sqlalchemy_url(codes_database_url), application_name="tests", pool_size=30)
    yield database
    await database.close()


@pytest.fixture
async def world(codes_database: Database) -> World:
    """An account with a project, in an otherwise empty database."""
    return await World(codes_database).begin()
