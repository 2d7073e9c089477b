"""How a request gets to another service and its answer back.

By aiohttp: a call between two services takes a quarter of the processor time that it takes with httpx, and a batch of codes makes
five of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from yarl import URL

from shared.tls import trusted

MOST_CONNECTIONS = 200
KEEP_IDLE_S = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back. The names of `headers` are as the service wrote them."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class UnreachableError(Exception):
    """No answer came: nobody listens, the connection broke, or it took too long."""


class Wire(Protocol):
    """What carries requests to one service."""

    async def request(
        self, method: str, path: str, *, content: bytes | None, params: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Answer:
        """Send a request and wait for its answer, whatever its status.

        Raises:
            UnreachableError: none came.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class HttpWire:
    """A service over HTTP, where the settings say, whatever proxy the environment names. Opened with the first request.

    Args:
        base_url: `http://host:port` or `https://...`.
        timeout: seconds for a connection, and for each wait for what comes over it.
    """

    def __init__(self, base_url: str, *, timeout: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, method: str, path: str, *, content: bytes | None, params: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Answer:
        """Send a request and wait for its answer, whatever its status.

        Raises:
            UnreachableError: none came.
        """
        url = URL(self._base_url + path)
        session = self._session or self._open()
        try:
            async with session.request(
                method, url, data=content, params=params, headers=headers, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=MOST_CONNECTIONS,
            keepalive_timeout=KEEP_IDLE_S,
            ssl=trusted() if self._base_url.startswith("https:") else True,
        )
        waits = aiohttp.ClientTimeout(total=None, connect=self._timeout, sock_connect=self._timeout, sock_read=self._timeout)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=waits, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self._session
