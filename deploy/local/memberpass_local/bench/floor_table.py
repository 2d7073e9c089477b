"""The table that bare COPYs write into: like `access_codes`, with all its indexes and checks, and empty."""

import tempfile
import time
from typing import Any

import asyncpg

from memberpass_local.demo.checks import must_equal

SCHEMA = "bench"
TABLE = "access_codes"
COLUMNS = ("account_id", "project_id", "batch_id", "position", "code", "plan_id", "expires_at")


async def make_floor_table(database: asyncpg.Connection) -> None:
    """Make it, or empty it."""
    await database.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    await database.execute(f"DROP TABLE IF EXISTS {SCHEMA}.{TABLE}")
    await database.execute(f"CREATE TABLE {SCHEMA}.{TABLE} (LIKE public.access_codes INCLUDING ALL)")


async def copy_same_rows(database: asyncpg.Connection, where: str, *parameters: Any, rows: int) -> float:
    """Write the codes that fit `where`, as they were generated, into the floor table in one COPY; the seconds of that COPY.

    The rows lie ready in a file in PostgreSQL's own binary form, so that the client has next to nothing to do.

    Raises:
        StoryError: there are not `rows` of them.
    """
    query = f"SELECT {', '.join(COLUMNS)} FROM public.access_codes WHERE {where}"  # noqa: S608  # our own words
    with tempfile.TemporaryFile() as dump:
        await database.copy_from_query(query, *parameters, output=dump, format="binary")
        dump.seek(0)
        began = time.perf_counter()
        told = await database.copy_to_table(TABLE, schema_name=SCHEMA, source=dump, columns=COLUMNS, format="binary")
        seconds = time.perf_counter() - began
    must_equal("the rows of the bare COPY", told, f"COPY {rows}")
    return seconds
