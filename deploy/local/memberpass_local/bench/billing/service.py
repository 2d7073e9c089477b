"""A billing-api of the benchmark's own: a migrated database and the real process, as `make run` starts it."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from pydantic import SecretStr
from shared.clients.billing import BillingClient
from shared.clock import SandboxClock

from memberpass_local.demo.checks import eventually, must_equal
from memberpass_local.ports import HOST, free_port
from memberpass_local.services import alembic_ini


@dataclass(frozen=True)
class Billing:
    """The running service. `database` looks into its database."""

    client: BillingClient
    clock: SandboxClock
    database: asyncpg.Connection
    database_url: str


@asynccontextmanager
async def billing_running(postgres: str, redis: str, folder: Path) -> AsyncIterator[Billing]:
    """billing-api on a new database, which is dropped in the end.

    Args:
        postgres: the URL of a database whose role may create others.
        redis: the URL of a Redis database.
        folder: for the clock's file and the log.
    """
    name = f"bench_billing_{secrets.token_hex(4)}"
    url = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    admin = await asyncpg.connect(postgres)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        environment = {**os.environ, **_environment(url, redis, folder)}
        migrating = (sys.executable, "-m", "alembic", "-c", str(alembic_ini("billing-api")), "upgrade", "head")
        must_equal("the migrations' exit code", await _run(migrating, environment, folder), 0)
        database = await asyncpg.connect(url)
        try:
            async with _service(environment, folder) as client:
                yield Billing(client, SandboxClock(folder / "clock"), database, url)
        finally:
            await database.close()
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


def _environment(database_url: str, redis: str, folder: Path) -> Mapping[str, str]:
    return {
        "SANDBOX": "1",
        "SANDBOX_CLOCK_FILE": str(folder / "clock"),
        "BILLING_DATABASE_URL": database_url,
        "REDIS_URL": redis,
        "OPERATOR_KEY": secrets.token_urlsafe(),
        "SERVICE_TOKEN": secrets.token_urlsafe(),
        "LOG_LEVEL": "WARNING",
        "HOST": HOST,
        "PORT": str(free_port()),
    }


@asynccontextmanager
async def _service(environment: Mapping[str, str], folder: Path) -> AsyncIterator[BillingClient]:
    url = f"http://{HOST}:{environment['PORT']}"
    with (folder / "billing-api.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "billing_api", env=environment, stdout=log, stderr=asyncio.subprocess.STDOUT
        )
    try:
        async with httpx.AsyncClient() as http:

            async def ready() -> bool | None:
                must_equal("billing-api's exit code", process.returncode, None)
                try:
                    return (await http.get(f"{url}/readyz")).is_success or None
                except httpx.TransportError:
                    return None

            await eventually("billing-api is up", ready)
        async with BillingClient("billing-api", url, SecretStr(environment["SERVICE_TOKEN"]), timeout=60) as client:
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _run(program: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> int:
    with (folder / "migrations.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*program, env=environment, stdout=log, stderr=asyncio.subprocess.STDOUT)
    return await process.wait()
