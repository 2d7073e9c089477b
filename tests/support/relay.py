"""A wire that a test can cut: a TCP relay before a server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit, urlunsplit

HOST = "127.0.0.1"


class TcpRelay:
    """Passes bytes on in both directions until it is cut; connections that come meanwhile are refused."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def to_database(cls, url: str) -> AsyncIterator["TcpRelay"]:
        """A relay before the PostgreSQL that the URL names; its own URL is `url`."""
        relay = cls(url)
        await relay.mend()
        try:
            yield relay
        finally:
            await relay.cut()

    @property
    def url(self) -> str:
        """Like the target's, but through the relay."""
        user, _, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{user}@{HOST}:{self._port}", query=""))

    async def cut(self) -> None:
        """Drop every connection and take no new one."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def mend(self) -> None:
        """Listen (again) on the same port."""
        self._server = await asyncio.start_server(self._pass_on, HOST, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._connect()
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}
            writer.close()
            far_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        socket_folder = parse_qs(self._target.query).get("host")
        if socket_folder:
            return await asyncio.open_unix_connection(f"{socket_folder[0]}/.s.PGSQL.{self._target.port or 5432}")
        return await asyncio.open_connection(self._target.hostname, self._target.port or 5432)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
