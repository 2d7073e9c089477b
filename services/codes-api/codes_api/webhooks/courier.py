"""Carries one message to a creator's server, and tells in a word how it went.

The name is resolved here, every address is judged (`addresses.py`), and the connection goes to a judged address: a name
that changes its mind between the check and the connection gains nothing. TLS still names and verifies the host. No
redirect is followed, no proxy of the environment asked, no connection kept (a kept one belongs to an address, and two hosts
can share one), and of the answer only the status is read.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import httpx
from shared.tls import trusted

from codes_api.webhooks.addresses import is_public
from codes_api.webhooks.errors import WebhookUrlInvalidError

MOST_ADDRESSES: Final = 3
"""How many addresses of a host are tried in turn."""
CONNECT_WITHIN_S: Final = 4.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_PORTS: Final = {"https": 443, "http": 80}


class AddressRefusedError(Exception):
    """A host has an address that must not be sent to."""


@dataclass(frozen=True)
class Outcome:
    """How a try went. `error` is None if the receiver accepted the message, else: `status` (it answered something but
    2xx), `timeout`, `unresolvable`, `address_refused`, `unreachable`, `tls`, `broken_off`, `unsendable`."""

    status_code: int | None
    duration_ms: int
    error: str | None


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, in the system's order.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Courier:
    """Sends.

    Args:
        anywhere: also to private addresses: the sandbox.
        timeout_s: for everything from the look-up of the name to the status of the answer.
        resolve: how names become addresses.
        tls: tests bring an authority of their own.
    """

    def __init__(
        self, *, anywhere: bool, timeout_s: float, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self._anywhere = anywhere
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._http = httpx.AsyncClient(
            verify=tls or trusted(),
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_WITHIN_S),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "MemberPass-Webhooks/1"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self, url: str) -> None:
        """Refuse a URL that leads nowhere or where nothing may be sent. Not in the sandbox, which may send anywhere.

        Raises:
            WebhookUrlInvalidError: with the reason.
        """
        if self._anywhere:
            return
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._addresses(httpx.URL(url))
        except AddressRefusedError as error:
            raise WebhookUrlInvalidError("The URL leads to an address that is not public.") from error
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise WebhookUrlInvalidError("The URL's host can't be found.") from error

    async def post(self, url: str, *, body: str, headers: dict[str, str]) -> Outcome:
        """Send one message, once."""
        started = time.perf_counter()
        status: int | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                status = await self._post(httpx.URL(url), body.encode(), {**headers, "Content-Type": "application/json"})
            error = None if HTTPStatus(200) <= status < HTTPStatus(300) else "status"
        except Exception as failure:  # noqa: BLE001  # whatever a stranger's server does is an outcome, and is told as one
            error = _in_a_word(failure)
        return Outcome(status, round((time.perf_counter() - started) * 1000), error)

    async def _post(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> int:
        host = _host(url)
        headers = {**headers, "Host": url.netloc.decode("ascii")}
        *others, last = (await self._addresses(url))[:MOST_ADDRESSES]
        for address in others:
            try:
                return await self._post_to(address, host, url, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent yet; the host has another address
        return await self._post_to(last, host, url, body, headers)

    async def _post_to(self, address: str, host: str, url: httpx.URL, body: bytes, headers: dict[str, str]) -> int:
        request = self._http.build_request(
            "POST", url.copy_with(host=address), content=body, headers=headers, extensions={"sni_hostname": host}
        )
        response = await self._http.send(request, stream=True)
        await response.aclose()  # its body is nobody's concern
        return response.status_code

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        addresses = await self._resolve(_host(url), url.port or _PORTS[url.scheme])
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if not self._anywhere and not all(is_public(address) for address in addresses):
            raise AddressRefusedError
        return addresses


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _in_a_word(failure: Exception) -> str:
    if isinstance(failure, TimeoutError | httpx.TimeoutException):
        return "timeout"
    if isinstance(failure, AddressRefusedError):
        return "address_refused"
    if isinstance(failure, socket.gaierror | UnicodeError):
        return "unresolvable"
    if isinstance(failure, httpx.ConnectError):
        return "tls" if _has_cause(failure, ssl.SSLError) else "unreachable"
    return "broken_off" if isinstance(failure, httpx.TransportError) else "unsendable"


def _has_cause(failure: BaseException | None, kind: type[BaseException]) -> bool:
    while failure is not None:
        if isinstance(failure, kind):
            return True
        failure = failure.__cause__ or failure.__context__
    return False
