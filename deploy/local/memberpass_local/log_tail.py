"""What the processes say in their logs: the end of one, and the warnings and errors of all as they come."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memberpass_local.home import Home

KEEP_BYTES = 10 * 1024 * 1024
_TAIL_BYTES = 16 * 1024
_LOUD = re.compile(r"\b(WARNING|ERROR|CRITICAL|Traceback|[A-Za-z]+(Error|Exception)\b)")
_LOUD_LEVELS = ("warning", "error", "critical")
_NOT_SHOWN = frozenset({"level", "event", "timestamp", "service", "logger", "exception"})


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def shorten_logs(home: Home) -> None:
    """Put logs that have grown large aside (one generation). Only while nothing runs: writers keep their file open."""
    for log in home.logs.glob("*.log"):
        if log.stat().st_size > KEEP_BYTES:
            log.replace(log.with_suffix(".log.1"))


@dataclass(frozen=True)
class LoudLine:
    """One warning or error of a process, on one line."""

    process: str
    level: str
    text: str


class LogWatch:
    """Reads what was added to the logs since it was made, and picks out warnings and errors.

    The processes write their files themselves: nothing is lost when the supervisor dies, and a busy service does not
    wait for it.
    """

    def __init__(self, home: Home, names: Sequence[str]) -> None:
        self._logs = {name: home.log_of(name) for name in names}
        self._read = {name: log.stat().st_size if log.exists() else 0 for name, log in self._logs.items()}

    def new_loud_lines(self) -> Iterator[LoudLine]:
        """Warnings and errors since the last call."""
        for name, log in self._logs.items():
            for line in self._new_lines(name, log):
                found = _loud(name, line)
                if found is not None:
                    yield found

    def _new_lines(self, name: str, log: Path) -> list[str]:
        try:
            with log.open("rb") as file:
                if log.stat().st_size < self._read[name]:
                    self._read[name] = 0  # it was put aside and begun anew
                file.seek(self._read[name])
                block = file.read()
        except FileNotFoundError:
            return []
        whole = block[: block.rfind(b"\n") + 1]  # a line that is still being written waits for the next call
        self._read[name] += len(whole)
        return whole.decode(errors="replace").splitlines()


def _loud(process: str, line: str) -> LoudLine | None:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if isinstance(entry, dict):
        level = str(entry.get("level", "")).lower()
        return LoudLine(process, level, _summary(entry)) if level in _LOUD_LEVELS else None
    return LoudLine(process, "error", line.rstrip()) if _LOUD.search(line) else None


def _summary(entry: Mapping[str, Any]) -> str:
    facts = [f"{name}={value}" for name, value in entry.items() if name not in _NOT_SHOWN and value is not None]
    trace = str(entry.get("exception", "")).strip().splitlines()[-1:]  # the error itself; the rest is in the log
    return "  ".join([str(entry.get("event", "")), *facts, *trace])
