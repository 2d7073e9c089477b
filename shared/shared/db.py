"""PostgreSQL: engine, transactions at the edge, column types. Only services with a database import this."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
from asyncpg import InterfaceError, PostgresError
from sqlalchemy import DateTime, Dialect, MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from shared.problems import Outage

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# A request that waits longer than this for a lock or a statement is better answered with an error than kept: the
# client's own patience is about as long. Migrations set their own.
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
# For statements that find their rows by key. Planning anew with each value would only cost; and a plan is kept that may have
# been made when the tables were small, for which reading them whole looks cheap.
_BY_KEY = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
# Nothing waits inside a transaction (no HTTP there), so an idle one is a bug or a lost process: give its locks back.
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 5


def new_metadata() -> MetaData:
    """A service's metadata, with names for every constraint, so that migrations can speak of them."""
    return MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """timestamptz, aware, always UTC. A naive datetime is refused rather than guessed at."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            msg = "naive datetime"
            raise ValueError(msg)
        return value

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


class Database:
    """One service's database: its pool, and transactions that commit at the edge.

    Args:
        url: SQLAlchemy form (`shared.settings.DatabaseUrl`).
        application_name: shown in pg_stat_activity.
        pool_size: connections at most; they stay open. Requests beyond wait for one.
    """

    def __init__(self, url: str, *, application_name: str, pool_size: int = 20) -> None:
        self._server_settings = {
            "application_name": application_name,
            "timezone": "UTC",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_TIMEOUT_MS),
            "jit": "off",
        }
        self._pool_size = pool_size
        self._hot: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            # None beyond: an overflow connection is closed when it comes back, so that a steady peak would pay a connect
            # for each request.
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            # The hot path can't afford a ping per request. A lost connection fails one request with 503, which
            # invalidates the whole pool, and the next one connects anew.
            pool_pre_ping=False,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "server_settings": self._server_settings,
            },
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that commits when the block ends well and rolls back when it does not."""
        async with self._sessions() as session:
            yield session
            await session.commit()

    async def fetch_row(self, sql: str, *parameters: Any) -> asyncpg.Record | None:
        """The first row of one statement that is a transaction by itself, straight on asyncpg (`$1` parameters, prepared
        once a connection): a quarter of what SQLAlchemy's execution costs. For a hot path only.

        It has a pool of its own, of the same size, opened when it is first used: a connection that was lost is noticed
        and made anew there, as SQLAlchemy's pool does for its own.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: not wrapped by SQLAlchemy.
        """
        pool = self._hot if self._hot is not None else await self._open_hot()
        return await pool.fetchrow(sql, *parameters)

    async def fetch_rows(self, sql: str, *parameters: Any) -> list[asyncpg.Record]:
        """Like `fetch_row`, all rows."""
        pool = self._hot if self._hot is not None else await self._open_hot()
        return await pool.fetch(sql, *parameters)

    async def _open_hot(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._hot is None:
                dsn = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
                self._hot = await asyncpg.create_pool(
                    dsn,
                    min_size=0,
                    max_size=self._pool_size,
                    max_inactive_connection_lifetime=0,
                    # A single statement leaves nothing behind, and the usual reset would be a second round trip.
                    reset=_nothing_to_reset,
                    timeout=CONNECT_TIMEOUT_S,
                    server_settings={**self._server_settings, **_BY_KEY},
                )
            return self._hot

    async def check(self) -> None:
        """Raise if the database can't be reached."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give all connections back."""
        if self._hot is not None:
            await self._hot.close()
        await self.engine.dispose()


async def _nothing_to_reset(_: object) -> None:
    pass


# Class 08 is "connection exception"; 57P01 to 57P03: the server shuts down or does not take connections yet; 53300: it
# has none left.
_AWAY_STATES = frozenset({"57P01", "57P02", "57P03", "53300"})


def _is_away(error: BaseException) -> bool:
    if isinstance(error, OSError | InterfaceError | PoolTimeoutError):
        return True
    if isinstance(error, PostgresError):
        state = error.sqlstate or ""
        return state.startswith("08") or state in _AWAY_STATES
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None
        return error.connection_invalidated or (cause is not None and _is_away(cause))
    return False


DATABASE_OUTAGE = Outage("The database", (OSError, PostgresError, InterfaceError, DBAPIError, PoolTimeoutError), _is_away)
"""How a service tells that PostgreSQL is away."""


async def raw_asyncpg(session: AsyncSession) -> Any:
    """The asyncpg connection under a session's transaction, for COPY. The transaction has begun when this returns."""
    connection = await session.connection()
    await connection.execute(text("SELECT 1"))
    raw = await connection.get_raw_connection()
    return raw.driver_connection
