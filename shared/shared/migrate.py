"""What the `migrations/env.py` of every service does: run alembic on asyncpg under a lock."""

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

# Two deployments that migrate at once wait for each other on this number (any, but the same one).
_LOCK = 7_301_915


def run_migrations(url: str, metadata: MetaData) -> None:
    """Migrate (or check) the database at `url` (SQLAlchemy form)."""
    asyncio.run(_run(url, metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True, render_item=_render
    )
    with context.begin_transaction():
        context.run_migrations()


def _render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our column types as plain SQLAlchemy ones: a migration must not change when our code does."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False
