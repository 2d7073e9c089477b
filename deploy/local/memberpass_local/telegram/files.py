"""The bytes of files: below the state directory, or in memory."""

import asyncio
from pathlib import Path


class FileStore:
    """Files by their path (`documents/file_3.csv`). Paths are made by the sandbox, never taken from a caller."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory / "files" if directory else None
        self._memory: dict[str, bytes] = {}

    async def write(self, path: str, content: bytes) -> None:
        """Keep a file."""
        if self._directory is None:
            self._memory[path] = content
            return
        target = self._directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(target.write_bytes, content)

    async def read(self, path: str) -> bytes:
        """A file's bytes. Raises KeyError or FileNotFoundError if it was never written."""
        if self._directory is None:
            return self._memory[path]
        return await asyncio.to_thread((self._directory / path).read_bytes)
