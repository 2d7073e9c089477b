"""Keeps the processes of a stack running, and stops them in order."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence

from memberpass_local.home import Home
from memberpass_local.log_tail import last_lines
from memberpass_local.problems import NotReadyError, StackError
from memberpass_local.spawn import Layer, ProcessSpec, spawn
from memberpass_local.together import together

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
HEALTHY_AFTER_S = 60.0
"""A process that ran this long is well again: the next restart waits the first delay."""
READY_WITHIN_S = 60.0
HOPELESS_AFTER_EXITS = 3
"""So many ends before it was ready once: waiting longer shows nothing new."""
ASK_EVERY_S = 0.05
SETTLED_AFTER_S = 1.0

Tell = Callable[[str], None]


class Supervised:
    """One process and its watcher.

    Args:
        spec: what to run.
        home: where its log and pid file lie.
        auto_restart: start it again when it ends by itself, after a wait that grows.
        tell: takes a sentence for the person at the terminal.
    """

    def __init__(self, spec: ProcessSpec, home: Home, *, auto_restart: bool, tell: Tell) -> None:
        self.spec = spec
        self.exits = 0
        self._home = home
        self._auto_restart = auto_restart
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._stopping = False
        self._wake = asyncio.Event()
        self._since = 0.0

    @property
    def running(self) -> bool:
        """Whether the process lives at this moment."""
        return self._process is not None and self._process.returncode is None

    async def ready(self) -> bool:
        """Whether it lives and does its work; of a process that can't be asked: whether it has lived for a second."""
        if not self.running:
            return False
        if self.spec.ready is None:
            return time.monotonic() - self._since >= SETTLED_AFTER_S
        return await self.spec.ready()

    async def start(self) -> None:
        """Start it now: also when it waits for its restart. Nothing happens if it runs."""
        self.exits = 0
        if self.running:
            return
        self._wake.set()
        if self._watcher is not None and self._stays_down():
            await self._watcher  # it is about to notice that the process is gone
        if self._watcher is None or self._watcher.done():
            self._stopping = False
            await self._launch()
            self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.spec.name}")

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone. It comes back only with auto_restart or `start`."""
        process = self._process
        if process is not None and process.returncode is None:
            self._signal(signal.SIGKILL)
            await process.wait()

    async def stop(self) -> None:
        """Ask it to end, wait as long as its patience says, then kill it. It stays down."""
        self._stopping = True
        self._wake.set()
        process = self._process
        if process is not None and process.returncode is None:
            self._signal(self.spec.stop_signal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self.spec.patience)
            self._signal(signal.SIGKILL)  # whoever is left of its group
            await process.wait()
        if self._watcher is not None:
            await self._watcher
        self._home.pid_file_of(self.spec.name).unlink(missing_ok=True)

    async def _launch(self) -> None:
        try:
            self._process = await spawn(self.spec, self._home)
        except OSError as error:
            raise StackError(f"{self.spec.name} can't be started: {error}.") from error
        self._since = time.monotonic()

    async def _watch(self) -> None:
        delay = FIRST_DELAY_S
        while self._process is not None:
            code = await self._process.wait()
            self.exits += 1
            self._home.pid_file_of(self.spec.name).unlink(missing_ok=True)
            if self._stays_down():
                return
            if time.monotonic() - self._since >= HEALTHY_AFTER_S:
                delay = FIRST_DELAY_S
            self._tell(f"{self.spec.name} ended ({_how(code)}); starting it again in {delay:g} s")
            self._wake.clear()
            # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with the wake-up.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            if self._stays_down():
                return
            delay = min(delay * 2, LONGEST_DELAY_S)
            try:
                await self._launch()
            except StackError as error:
                self._tell(str(error))

    def _stays_down(self) -> bool:
        return self._stopping or not self._auto_restart

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, for a zombie's group
                os.killpg(self._process.pid, number)


class Supervisor:
    """All processes of a stack by name."""

    def __init__(self, home: Home, *, auto_restart: bool = True, tell: Tell = lambda _: None) -> None:
        self._home = home
        self._auto_restart = auto_restart
        self._tell = tell
        self._supervised: dict[str, Supervised] = {}

    @property
    def names(self) -> list[str]:
        """The processes, in the order they were added."""
        return list(self._supervised)

    async def add(self, specs: Sequence[ProcessSpec]) -> None:
        """Take these processes on: start those of the lowest layer, wait until they are ready, then the next.

        Raises:
            NotReadyError: one was not within 60 seconds.
            StackError: one can't be started at all.
        """
        for spec in specs:
            self._supervised[spec.name] = Supervised(spec, self._home, auto_restart=self._auto_restart, tell=self._tell)
        for layer in Layer:
            level = [self[spec.name] for spec in specs if spec.layer is layer]
            for one in level:
                await one.start()
            await self._until_ready(level)

    def __getitem__(self, name: str) -> Supervised:
        """One process.

        Raises:
            StackError: the stack runs none of that name.
        """
        try:
            return self._supervised[name]
        except KeyError:
            raise StackError(f"The stack runs no {name!r}; it runs {', '.join(self.names)}.") from None

    async def start(self, name: str) -> None:
        """Start one process that is down, and wait until it is ready.

        Raises:
            NotReadyError: it was not within 60 seconds.
        """
        await self[name].start()
        await self._until_ready([self[name]])

    async def kill(self, name: str) -> None:
        """SIGKILL one process."""
        await self[name].kill()

    async def stop(self) -> None:
        """Stop everything: services and workers together (their patience is half of the 10 seconds), then what they
        lean on."""
        for layers in ((Layer.WORKER, Layer.SERVICE), (Layer.QUEUE,), (Layer.DATABASE,)):
            await asyncio.gather(*(one.stop() for one in self._supervised.values() if one.spec.layer in layers))

    async def _until_ready(self, waited_for: Iterable[Supervised]) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        await together(*(self._until_one_ready(one, deadline) for one in waited_for))

    async def _until_one_ready(self, one: Supervised, deadline: float) -> None:
        while True:
            given_up = one.exits >= (HOPELESS_AFTER_EXITS if self._auto_restart else 1)
            if given_up or time.monotonic() > deadline:
                why = f"ended {one.exits} times" if given_up else f"was not ready within {READY_WITHIN_S:g} s"
                log = self._home.log_of(one.spec.name)
                raise NotReadyError(f"{one.spec.name} {why}. The end of {log}:\n{last_lines(log)}")
            if await one.ready():
                return
            await asyncio.sleep(ASK_EVERY_S)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
