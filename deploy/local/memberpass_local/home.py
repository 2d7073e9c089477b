"""The folder of one stack (`MEMBERPASS_HOME`): what lies where in it, and the lock that keeps it to one stack."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from memberpass_local.problems import StackError

_ELSEWHERE = "Choose another folder with MEMBERPASS_HOME."


@dataclass(frozen=True)
class Home:
    """Paths of one home. `path` is absolute, with symbolic links resolved."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """The home in this folder; nothing is made yet."""
        return cls(path.expanduser().resolve())

    @property
    def data(self) -> Path:
        """What must outlive a restart: the databases, Redis, the sandbox Telegram."""
        return self.path / "data"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Process ids, sockets and the lock: meaningless without a running stack."""
        return self.path / "run"

    @property
    def stack_file(self) -> Path:
        """`stack.json`, there while the stack is ready."""
        return self.path / "stack.json"

    @property
    def secrets_file(self) -> Path:
        """The secrets that were made for this home."""
        return self.path / "secrets.json"

    @property
    def sandbox_clock(self) -> Path:
        """The offset of the sandbox clock."""
        return self.path / "sandbox-clock"

    @property
    def lock_file(self) -> Path:
        """Held by the stack that runs; holds its process id."""
        return self.run / "lock"

    def log_of(self, name: str) -> Path:
        """Where a process's output goes."""
        return self.logs / f"{name}.log"

    def pid_file_of(self, name: str) -> Path:
        """Where a running process's id stands."""
        return self.run / f"{name}.pid"

    def make(self) -> None:
        """Create the folders.

        Raises:
            StackError: this user may not write here.
        """
        for folder in (self.path, self.data, self.logs, self.run):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StackError(f"{folder} can't be made: {error.strerror}. {_ELSEWHERE}") from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise StackError(f"{folder} belongs to another user. {_ELSEWHERE}")


class HomeLock:
    """One stack a home. The kernel frees the lock with its process, so that a SIGKILL leaves none behind."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            StackError: another stack runs on this home.
        """
        self._file = self._open_locked()
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_locked(self) -> IO[str]:
        while True:
            self._home.make()
            file = self._home.lock_file.open("a+", encoding="ascii")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file.fileno()).st_ino == self._home.lock_file.stat().st_ino:
                    return file
            except BlockingIOError:
                owner = holder(self._home)
                file.close()
                named = f" (process {owner})" if owner else ""
                raise StackError(f"A stack is already running on {self._home.path}{named}. Stop it first. {_ELSEWHERE}") from None
            except FileNotFoundError:
                pass
            file.close()  # the home was deleted between opening and locking: that lock guards nothing any more


def holder(home: Home) -> int | None:
    """The process id that the lock names; only meaningful while the lock is held."""
    try:
        return int(home.lock_file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
