"""Servers for tests leave nothing behind: not when they end, and not for long when they are killed."""

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from memberpass_local import throwaway
from memberpass_local.throwaway import throwaway_home, throwaway_postgres

HOLD = """
import asyncio
from memberpass_local.throwaway import throwaway_postgres
async def main():
    async with throwaway_postgres() as server:
        print(server.sockets.parent.parent, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def parent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    parent = tmp_path_factory.mktemp("throwaways")
    monkeypatch.setattr(throwaway, "fastest_parent", lambda: parent)
    return parent


def test_a_home_is_deleted_and_those_that_a_killed_process_left(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    abandoned = parent / f"{throwaway._PREFIX}abandoned"
    (abandoned / "data").mkdir(parents=True)
    mine_not = parent / "something else"
    mine_not.mkdir()

    with throwaway_home():
        assert abandoned.exists()  # too new to tell from one that is just being made
    monkeypatch.setattr(throwaway, "_SPARED_S", -1.0)
    with throwaway_home() as used, throwaway_home():
        assert used.path.exists()  # as new, but its lock is held
        assert not abandoned.exists()
    assert list(parent.iterdir()) == [mine_not]


def test_databases_go_with_their_process() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    assert holder.stdout is not None
    home = Path(holder.stdout.readline().strip())
    assert home.exists()
    holder.kill()
    holder.communicate()
    os.utime(home, (0, 0))  # left long ago

    with throwaway_home():
        assert not home.exists()


async def test_a_throwaway_server_is_a_real_one() -> None:
    async with throwaway_postgres() as server:
        await server.create_databases("one", "two")
        await server.create_databases("one")
        connection = await asyncpg.connect(server.url("two"))
        assert await connection.fetchval("SELECT current_database()") == "two"
        assert await connection.fetchval("SHOW fsync") == "off"
        await connection.close()
    assert not server.sockets.exists()
