"""Starts one process of the stack: its output in its log, its life tied to the supervisor's."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from memberpass_local.home import Home
from memberpass_local.probes import Probe
from memberpass_local.system_account import SystemAccount

HOME_MARK = "MEMBERPASS_STACK_HOME"
"""In the environment of every process of a stack: which home it belongs to. Leftovers are found by it."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Layer(IntEnum):
    """Who leans on whom: a layer is started when those below it are ready."""

    DATABASE = 0
    QUEUE = 1
    SERVICE = 2
    WORKER = 3


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process as data.

    Args:
        name: of its log, its pid file and in messages.
        argv: program and arguments.
        env: its whole environment.
        ready: asked until it says yes; None: a process that runs is ready.
        layer: its place in the order of starting and stopping.
        account: whose rights it runs with; None: the stack's own.
        stop_signal: asks it to end.
        patience: seconds it has to do so.
        orphan_signal: sent by the kernel when the supervisor dies without a word (Linux).
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Probe | None = None
    layer: Layer = Layer.SERVICE
    account: SystemAccount | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 5.0
    orphan_signal: signal.Signals = signal.SIGKILL


async def spawn(spec: ProcessSpec, home: Home) -> asyncio.subprocess.Process:
    """Start the process: in a session of its own (Ctrl-C in the terminal is for the supervisor alone), output appended
    to its log, its id in its pid file."""
    with home.log_of(spec.name).open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *spec.argv,
            env={**spec.env, HOME_MARK: str(home.path)},
            cwd="/" if spec.account else home.path,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(spec.orphan_signal),
            user=spec.account.uid if spec.account else None,
            group=spec.account.gid if spec.account else None,
            extra_groups=[] if spec.account else None,
        )
    home.pid_file_of(spec.name).write_text(f"{process.pid}\n", encoding="ascii")
    return process


async def run_to_end(spec: ProcessSpec, home: Home) -> int:
    """Run a process that ends by itself; cancelling kills it. The exit code."""
    process = await spawn(spec, home)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        home.pid_file_of(spec.name).unlink(missing_ok=True)


def _end_with_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """On Linux: have the kernel send a signal to the child when its parent is gone, however it went.

    Runs between fork and exec, so it takes no lock and imports nothing: two system calls on what is loaded already.
    Elsewhere there is no such call; the next start on the home stops what was left over (`leftovers`).
    """
    if _LIBC is None:
        return None
    prctl, parent, number = _LIBC.prctl, os.getpid(), int(orphan_signal)

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return before_exec
