"""The memory that survives a kill: one JSON object a line, only ever appended.

Each line is written with one unbuffered write before the change is answered, so that a SIGKILL can lose a change only
together with its answer. A torn last line (the process died while writing it) is cut off at the next start.
"""

from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import orjson
from shared.contracts.base import Json


class JournalDamagedError(RuntimeError):
    """A line before the last can't be read: somebody else wrote into the file."""


class Journal:
    """The journal of one sandbox. Without a directory nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        self._path = directory / "journal.jsonl" if directory else None
        self._file: FileIO | None = None

    def replay(self) -> Iterator[Json]:
        """All records, oldest first.

        Raises:
            JournalDamagedError: a line that is not the last is no JSON object.
        """
        if self._path is None or not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                record: Json = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                msg = f"line {number} of {self._path} is damaged"
                raise JournalDamagedError(msg) from error
            yield record
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)

    def open(self) -> None:
        """Begin to write. Before this, appended records are dropped: they are the ones that `replay` gave."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = FileIO(self._path, "a")

    def append(self, record: Json) -> None:
        """Keep a record."""
        if self._file is not None:
            self._file.write(orjson.dumps(record) + b"\n")

    def close(self) -> None:
        """Stop writing."""
        if self._file is not None:
            self._file.close()
            self._file = None
