"""A stack with its real embedded servers, and stand-ins for the services."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import asyncpg
import psutil
import pytest
import redis.asyncio
from memberpass_local.clean import clean
from memberpass_local.home import Home
from memberpass_local.ports import HOST
from memberpass_local.problems import StackError
from memberpass_local.spawn import ProcessSpec
from memberpass_local.stack import LocalStack
from memberpass_local.wiring import Wiring

from tests.support.stack_homes import environ_without, free_port_base, lives, pid_of, processes_of, stack_home
from tests.support.stand_ins import no_migrations, stand_in

RUN = [sys.executable, "-m", "tests.deploy_local.stack.run_stand_ins"]
ROOT = Path(__file__).parents[3]
STOP_WITHIN_S = 10
ALL = {"postgres", "redis", "codes-api", "billing-api", "bot-gateway", "telegram", "jobs"}


@pytest.fixture
def home() -> Iterator[Path]:
    with stack_home() as path:
        yield path


def _stack(home: Path, *, port_base: int | None = None, given: Mapping[str, str] = MappingProxyType({})) -> LocalStack:
    return LocalStack(
        home=home,
        port_base=port_base or free_port_base(),
        environ={**environ_without(), **given},
        auto_restart=False,
        durable=False,
        processes=lambda wiring: [stand_in(wiring, "codes-api")],
        migrations=no_migrations,
    )


async def _write(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE kept (id int)")
    await connection.close()


async def _read(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch("SELECT * FROM kept")
    finally:
        await connection.close()


async def test_a_stack_comes_up_keeps_its_data_and_survives_a_killed_database(home: Path) -> None:
    stack_file = Home.at(home).stack_file
    async with _stack(home) as stack:
        said = json.loads(stack_file.read_text())
        assert said == stack.urls.model_dump()
        assert stack.operator_key == said["operator_key"]
        await _write(stack.urls.codes_database_url)
        with pytest.raises(asyncpg.UndefinedTableError):
            await _read(stack.urls.billing_database_url)
        async with redis.asyncio.Redis.from_url(stack.urls.redis_url) as client:
            await client.set("key", "value")
            assert (await client.config_get("appendonly"))["appendonly"] == "no"

        await stack.kill("postgres")
        with pytest.raises(OSError, match=r"refused|No such file"):
            await _read(stack.urls.codes_database_url)
        await stack.start("postgres")
        assert await _read(stack.urls.codes_database_url) == []

        with pytest.raises(StackError, match=r"already running on .*process \d+.*MEMBERPASS_HOME"):
            await _stack(home).__aenter__()
        assert stack_file.exists()
    assert not stack_file.exists()
    assert not processes_of(home)

    async with _stack(home) as again:
        assert again.operator_key == said["operator_key"]
        assert await _read(again.urls.codes_database_url) == []


async def test_given_urls_embed_nothing(home: Path, empty_database_url: str, redis_url: str) -> None:
    given = {"CODES_DATABASE_URL": empty_database_url, "BILLING_DATABASE_URL": empty_database_url, "REDIS_URL": redis_url}
    async with _stack(home, given=given) as stack:
        assert stack.process_names == ["codes-api"]
        assert stack.urls.redis_url == redis_url
        assert stack.env["CODES_DATABASE_URL"] == empty_database_url
    assert not list(Home.at(home).data.iterdir())


async def test_a_taken_port_is_refused_before_anything_starts(home: Path) -> None:
    base = free_port_base()
    with socket.create_server((HOST, base + 2)), pytest.raises(StackError, match=f"Port {base + 2}.*MEMBERPASS_PORT_BASE"):
        await _stack(home, port_base=base).__aenter__()
    assert not Home.at(home).stack_file.exists()
    assert not list(Home.at(home).data.iterdir())


async def test_failed_migrations_stop_what_was_started(home: Path) -> None:
    def failing(wiring: Wiring) -> list[ProcessSpec]:
        return [
            ProcessSpec(
                name="migrate-codes-api", argv=("/bin/sh", "-c", "echo no such revision; exit 3"), env=wiring.environment()
            ),
            ProcessSpec(name="migrate-billing-api", argv=("/bin/sleep", "60"), env=wiring.environment()),
        ]

    stack = LocalStack(home=home, port_base=free_port_base(), environ=environ_without(), durable=False, migrations=failing)
    with pytest.raises(StackError, match=r"(?s)migrate-codes-api failed \(exit code 3\).*no such revision"):
        await stack.__aenter__()
    assert not processes_of(home)


async def test_a_home_with_a_long_path() -> None:
    with stack_home("/".join(["a" * 60] * 4)) as home:
        async with _stack(home) as stack:
            await _write(stack.urls.codes_database_url)
        clean(Home.at(home))
        assert not home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as somebody else")
async def test_roots_home_that_others_can_not_enter_stays_closed() -> None:
    with stack_home() as home:
        home.parent.chmod(0o700)
        async with _stack(home) as stack:
            await _write(stack.urls.codes_database_url)
        async with _stack(home) as stack:
            assert await _read(stack.urls.codes_database_url) == []
        outside = (home / "data" / "postgres").resolve()
        assert home.parent.stat().st_mode & 0o077 == 0
        clean(Home.at(home))
        assert not outside.exists()
        assert not home.exists()


class Terminal:
    """`run` in a process of its own."""

    def __init__(self, home: Path, base: int, *options: str) -> None:
        self.home = Home.at(home)
        env = environ_without() | {"MEMBERPASS_HOME": str(home), "MEMBERPASS_PORT_BASE": str(base)}
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [*RUN, *options], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    async def until_ready(self) -> None:
        async with asyncio.timeout(30):
            while not self.home.stack_file.exists():
                assert self.process.poll() is None, self.output()
                await asyncio.sleep(0.02)

    def output(self) -> str:
        output, _ = self.process.communicate(timeout=STOP_WITHIN_S)
        assert isinstance(output, str)
        return output


async def test_two_stacks_side_by_side_each_stop_when_asked(home: Path) -> None:
    with stack_home() as other_home:
        one, other = Terminal(home, free_port_base(), "--stubborn"), Terminal(other_home, free_port_base())
        await asyncio.gather(one.until_ready(), other.until_ready())
        assert {path.stem for path in one.home.run.glob("*.pid")} == ALL

        since = time.monotonic()
        one.process.send_signal(signal.SIGTERM)
        output = one.output()

        assert time.monotonic() - since < STOP_WITHIN_S
        _assert_stopped(one)
        assert "MemberPass is ready" in output
        assert "a stand-in is up" in output
        assert output.rstrip().endswith("stopped")
        assert other.home.stack_file.exists()
        assert {path.stem for path in other.home.run.glob("*.pid")} == ALL
        other.process.send_signal(signal.SIGINT)
        other.output()
        _assert_stopped(other)


def _assert_stopped(terminal: Terminal) -> None:
    assert terminal.process.returncode == 0
    assert not terminal.home.stack_file.exists()
    assert not list(terminal.home.run.glob("*.pid"))
    assert not processes_of(terminal.home.path)


@pytest.mark.parametrize("options", [(), ("--without-parent-death-signal",)])
async def test_a_killed_supervisor_leaves_nothing_in_the_way(home: Path, options: tuple[str, ...]) -> None:
    base = free_port_base()
    first = Terminal(home, base, *options)
    await first.until_ready()
    await _write(json.loads(first.home.stack_file.read_text())["codes_database_url"])
    orphans = [psutil.Process(pid_of(home, name)) for name in ALL]
    first.process.kill()
    first.process.wait()
    if not options:
        await _until_gone(orphans)  # the kernel tells them
    first.home.stack_file.unlink()

    second = Terminal(home, base)
    await second.until_ready()
    said = json.loads(second.home.stack_file.read_text())
    assert await _read(said["codes_database_url"]) == []
    assert not any(map(lives, orphans))
    clean(second.home)  # stops a running stack first
    assert "stopped" in second.output()
    assert not second.home.path.exists()


async def _until_gone(processes: list[psutil.Process]) -> None:
    async with asyncio.timeout(5):
        while any(map(lives, processes)):
            await asyncio.sleep(0.02)
