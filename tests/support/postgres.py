"""The PostgreSQL of a test session, and a fresh database for each test."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from memberpass_local.services import alembic_ini
from memberpass_local.throwaway import throwaway_postgres

GIVEN = "TEST_DATABASE_URL"
"""Names a server to use instead of the embedded one: a `postgresql://` URL of a role that may create databases."""


@dataclass
class PostgresServer:
    """One server; `admin_url` names a database to connect to for creating others."""

    admin_url: str
    _admin: asyncpg.Connection = field(init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _made: set[str] = field(default_factory=set, init=False)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{database}"))

    async def create(self, prefix: str, *, template: str | None = None) -> str:
        """The name of a new database: a copy of the template, or empty."""
        name = f"test_{prefix}_{secrets.token_hex(6)}"
        source = f'TEMPLATE "{template}"' if template else ""
        async with self._turn:
            # Copying files is twice as fast as logging pages for databases of this size.
            await self._admin.execute(f'CREATE DATABASE "{name}" {source} STRATEGY FILE_COPY')
        self._made.add(name)
        return name

    async def drop(self, name: str) -> None:
        """Drop it, whoever is still connected."""
        async with self._turn:
            await self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.discard(name)

    async def open(self) -> None:
        """Connect."""
        self._admin = await asyncpg.connect(self.admin_url)

    async def close(self) -> None:
        """Drop what is left (on a given server nobody else does) and disconnect."""
        for name in list(self._made):
            await self.drop(name)
        await self._admin.close()


@asynccontextmanager
async def session_postgres() -> AsyncIterator[PostgresServer]:
    """The given server, else an embedded one: a second to start, then for all tests of this process."""
    given = os.environ.get(GIVEN)
    if given:
        async with _opened(PostgresServer(given)) as server:
            yield server
    else:
        async with throwaway_postgres() as embedded, _opened(PostgresServer(embedded.url("postgres"))) as server:
            yield server


async def migrated(server: PostgresServer, service: str, variable: str) -> str:
    """The name of a new database that a service's real migrations have brought to their head.

    Args:
        server: where.
        service: its folder, such as `codes-api`.
        variable: the setting that names its database.
    """
    name = await server.create(f"{service.replace('-', '_')}_template")
    await migrate(service, {variable: server.url(name)}, "upgrade", "head")
    return name


async def migrate(service: str, env: Mapping[str, str], *step: str) -> None:
    """Run alembic as its operators do: `upgrade head`, `downgrade <revision>`.

    Args:
        env: the setting that names the database.
        step: alembic's arguments.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "alembic", "-c", str(alembic_ini(service)), *step),
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        msg = f"The migrations of {service} failed:\n{output.decode()}"
        raise RuntimeError(msg)


@asynccontextmanager
async def _opened(server: PostgresServer) -> AsyncIterator[PostgresServer]:
    await server.open()
    try:
        yield server
    finally:
        await server.close()
