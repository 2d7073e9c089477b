"""One stack, from nothing to ready and back: `async with LocalStack(home=...) as stack:`."""

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from memberpass_local.embedded_postgres import prepare_postgres
from memberpass_local.embedded_redis import prepare_redis
from memberpass_local.home import Home, HomeLock
from memberpass_local.leftovers import stop_leftovers
from memberpass_local.log_tail import last_lines, shorten_logs
from memberpass_local.ports import refuse_taken
from memberpass_local.postgres_places import outside_folders
from memberpass_local.problems import StackError
from memberpass_local.secrets_file import read_or_make_secrets
from memberpass_local.services import ProcessTable, migration_table, service_table
from memberpass_local.settings import StackSettings
from memberpass_local.spawn import ProcessSpec, run_to_end
from memberpass_local.stack_file import StackFile, remove_stack_file, write_stack_file
from memberpass_local.supervisor import Supervisor, Tell
from memberpass_local.together import together
from memberpass_local.wiring import Wiring


class LocalStack:
    """Embedded servers as far as no URLs are given, migrations, services, sandbox Telegram.

    Args:
        home: the stack's folder; default MEMBERPASS_HOME.
        port_base: default MEMBERPASS_PORT_BASE.
        environ: settings (contract, "Running it") and what else the processes inherit; default the own environment.
        auto_restart: start a process again that ends by itself.
        durable: False for tests: embedded servers do not wait for the disk.
        tell: takes sentences about progress and restarts.
        processes: what to run once the databases are migrated.
        migrations: what brings the databases to their present form.
    """

    def __init__(
        self,
        *,
        home: Path | None = None,
        port_base: int | None = None,
        environ: Mapping[str, str] | None = None,
        auto_restart: bool = True,
        durable: bool = True,
        tell: Tell = lambda _: None,
        processes: ProcessTable = service_table,
        migrations: ProcessTable = migration_table,
    ) -> None:
        self.settings = StackSettings.read(os.environ if environ is None else environ, home=home, port_base=port_base)
        self._durable = durable
        self._tell = tell
        self._processes = processes
        self._migrations = migrations
        self._supervisor = Supervisor(self.home, auto_restart=auto_restart, tell=tell)
        self._exit = contextlib.AsyncExitStack()
        self._wiring: Wiring | None = None

    @property
    def home(self) -> Home:
        """The stack's folder."""
        return self.settings.home

    @property
    def wiring(self) -> Wiring:
        """Addresses and secrets.

        Raises:
            StackError: the stack is not up.
        """
        if self._wiring is None:
            raise StackError("The stack is not running.")
        return self._wiring

    @property
    def urls(self) -> StackFile:
        """What `stack.json` says: every address."""
        return self.wiring.stack_file()

    @property
    def operator_key(self) -> str:
        """The bearer key of `/v1/operator/...`."""
        return self.wiring.secrets["OPERATOR_KEY"]

    @property
    def env(self) -> dict[str, str]:
        """The environment that the services run in, without PORT."""
        return self.wiring.environment()

    @property
    def process_names(self) -> list[str]:
        """What `kill` and `start` take."""
        return self._supervisor.names

    async def __aenter__(self) -> Self:
        """Bring everything up.

        Raises:
            StackError: something is in the way; the message says what, and everything started is stopped again.
        """
        try:
            await self._start()
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop everything that was started, within 10 seconds."""
        await self._exit.aclose()

    async def kill(self, name: str) -> None:
        """SIGKILL one process, as a crash would; it comes back by itself only with `auto_restart`."""
        await self._supervisor.kill(name)

    async def start(self, name: str) -> None:
        """Start one process that is down, and wait until it is ready.

        Raises:
            NotReadyError: it was not within 60 seconds.
        """
        await self._supervisor.start(name)

    async def _start(self) -> None:
        self._exit.enter_context(HomeLock(self.home))
        remove_stack_file(self.home)
        stopped = await asyncio.to_thread(stop_leftovers, self.home, *outside_folders(self.home))
        if stopped:
            self._tell(f"stopped {stopped} processes that an earlier stack had left running")
        refuse_taken(self.settings.ports, self.settings.port_base)
        shorten_logs(self.home)
        secrets = read_or_make_secrets(self.home, self.settings.environ)
        self._exit.push_async_callback(self._supervisor.stop)
        self._exit.callback(remove_stack_file, self.home)
        self._wiring = await self._start_servers(secrets)
        await self._migrate(self._wiring)
        self._tell("starting the services")
        await self._supervisor.add(self._processes(self._wiring))
        write_stack_file(self.home, self._wiring.stack_file())

    async def _start_servers(self, secrets: Mapping[str, str]) -> Wiring:
        environ = self.settings.environ
        postgres = await prepare_postgres(self.home, environ, durable=self._durable) if self.settings.embeds_postgres else None
        redis = await prepare_redis(self.home, environ, durable=self._durable) if self.settings.embeds_redis else None
        servers = [server.spec for server in (postgres, redis) if server is not None]
        if servers:
            self._tell(f"starting {' and '.join(spec.name for spec in servers)}")
            await self._supervisor.add(servers)
        urls = {}
        for database in ("codes", "billing"):
            given = environ.get(f"{database.upper()}_DATABASE_URL")
            if postgres is not None and not given:
                await postgres.create_databases(database)
                given = postgres.url(database)
            urls[database] = given or ""
        return Wiring(
            settings=self.settings,
            secrets=secrets,
            codes_database_url=urls["codes"],
            billing_database_url=urls["billing"],
            redis_url=redis.url if redis is not None else environ["REDIS_URL"],
        )

    async def _migrate(self, wiring: Wiring) -> None:
        self._tell("migrating the databases")
        await together(*(self._migrate_one(spec) for spec in self._migrations(wiring)))

    async def _migrate_one(self, spec: ProcessSpec) -> None:
        code = await run_to_end(spec, self.home)
        if code != 0:
            log = self.home.log_of(spec.name)
            raise StackError(f"{spec.name} failed (exit code {code}). The end of {log}:\n{last_lines(log)}")
