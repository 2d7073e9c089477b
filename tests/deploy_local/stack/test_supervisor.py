"""Processes are kept up, killed, stopped and reported on, with small stand-ins for the services."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import pytest
from memberpass_local import supervisor as supervisor_module
from memberpass_local.home import Home
from memberpass_local.ports import HOST, free_port
from memberpass_local.probes import HttpProbe
from memberpass_local.problems import NotReadyError, StackError
from memberpass_local.spawn import Layer, ProcessSpec
from memberpass_local.supervisor import Supervisor, Tell

from tests.support.stack_homes import pid_of, processes_of
from tests.support.stand_ins import PROGRAM


class MakeSupervisor(Protocol):
    """Makes a supervisor that is stopped when the test ends."""

    def __call__(self, *, auto_restart: bool = True, tell: Tell = print) -> Supervisor: ...


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "a home")
    home.make()
    return home


@pytest.fixture
async def make(home: Home, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeSupervisor]:
    monkeypatch.setattr(supervisor_module, "FIRST_DELAY_S", 0.05)
    monkeypatch.setattr(supervisor_module, "SETTLED_AFTER_S", 0.05)
    made: list[Supervisor] = []

    def one(*, auto_restart: bool = True, tell: Tell = print) -> Supervisor:
        made.append(Supervisor(home, auto_restart=auto_restart, tell=tell))
        return made[-1]

    yield one
    for supervisor in made:
        await supervisor.stop()
    assert not processes_of(home.path)


def _spec(name: str, *options: str, layer: Layer = Layer.SERVICE, patience: float = 5) -> ProcessSpec:
    port = free_port()
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-I", "-S", str(PROGRAM), "--port", str(port), *options),
        env={},
        ready=HttpProbe(f"http://{HOST}:{port}/readyz"),
        layer=layer,
        patience=patience,
    )


def _running(supervisor: Supervisor) -> list[str]:
    return [name for name in supervisor.names if supervisor[name].running]


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_killed_process_comes_back(make: MakeSupervisor, home: Home) -> None:
    supervisor = make()
    await supervisor.add([_spec("one")])
    first = pid_of(home.path, "one")

    await supervisor.kill("one")
    await supervisor.start("one")

    assert pid_of(home.path, "one") != first
    os.kill(pid_of(home.path, "one"), signal.SIGKILL)  # behind the supervisor's back
    second = pid_of(home.path, "one")
    await _until(lambda: home.pid_file_of("one").exists() and pid_of(home.path, "one") != second)


async def test_without_auto_restart_it_stays_down_until_it_is_started(make: MakeSupervisor, home: Home) -> None:
    supervisor = make(auto_restart=False)
    await supervisor.add([_spec("one")])

    for _ in range(4):
        await supervisor.kill("one")
        assert not supervisor["one"].running
        await asyncio.sleep(0.1)
        assert not home.pid_file_of("one").exists()
        await supervisor.start("one")
        assert supervisor["one"].running


async def test_starting_what_runs_changes_nothing(make: MakeSupervisor, home: Home) -> None:
    supervisor = make()
    await supervisor.add([_spec("one")])
    pid = pid_of(home.path, "one")
    await supervisor.start("one")
    assert pid_of(home.path, "one") == pid


async def test_higher_layers_stop_first(make: MakeSupervisor) -> None:
    supervisor = make()
    await supervisor.add([_spec("database", layer=Layer.DATABASE), _spec("service", "--stubborn", patience=0.2)])
    stopping = asyncio.create_task(supervisor.stop())
    await asyncio.sleep(0.1)

    assert _running(supervisor) == ["database", "service"]
    await stopping
    assert _running(supervisor) == []


async def test_who_ignores_the_request_is_killed_when_patience_ends(make: MakeSupervisor) -> None:
    supervisor = make()
    await supervisor.add([_spec("one", "--stubborn", patience=0.3)])
    since = time.monotonic()
    await supervisor.stop()
    assert 0.3 <= time.monotonic() - since < 1.5


@pytest.mark.parametrize("auto_restart", [True, False])
async def test_a_broken_process_is_reported_with_its_last_words(make: MakeSupervisor, *, auto_restart: bool) -> None:
    since = time.monotonic()
    with pytest.raises(NotReadyError, match=r"(?s)one ended .*SERVICE_TOKEN is missing"):
        await make(auto_restart=auto_restart).add([_spec("good"), _spec("one", "--broken")])
    assert time.monotonic() - since < 5


async def test_a_process_that_never_gets_ready_is_reported(make: MakeSupervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "READY_WITHIN_S", 0.5)
    silent = ProcessSpec(name="silent", argv=("/bin/sleep", "60"), env={}, ready=HttpProbe(f"http://{HOST}:{free_port()}/"))
    with pytest.raises(NotReadyError, match=r"silent was not ready within 0.5 s"):
        await make().add([silent])


async def test_what_can_not_be_started_is_named(make: MakeSupervisor) -> None:
    with pytest.raises(StackError, match="nowhere can't be started"):
        await make().add([ProcessSpec(name="nowhere", argv=("/nowhere",), env={})])


async def test_an_unknown_name_is_answered_with_those_that_exist(make: MakeSupervisor) -> None:
    supervisor = make()
    await supervisor.add([_spec("one")])
    with pytest.raises(StackError, match="no 'other'; it runs one"):
        await supervisor.kill("other")


async def test_waits_between_restarts_grow(make: MakeSupervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "LONGEST_DELAY_S", 0.2)
    said: list[str] = []
    supervisor = make(tell=said.append)
    with pytest.raises(NotReadyError):
        await supervisor.add([_spec("one", "--broken")])
    await _until(lambda: len(said) >= 5)
    await supervisor.stop()

    assert [line.rpartition(" in ")[2] for line in said[:5]] == ["0.05 s", "0.1 s", "0.2 s", "0.2 s", "0.2 s"]
    assert said[0].startswith("one ended (exit code 1)")
