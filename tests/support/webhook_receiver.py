"""A creator's server: takes webhooks on a real socket and verifies them with the library that creators use."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.in_process import served


@dataclass(frozen=True)
class Received:
    """One POST, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """What a receiver tells repetitions by."""
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The message. Raises WebhookVerificationError if it is not signed with this secret."""
        message: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return message


@dataclass
class Receiver:
    """Answers `status`, or what `answers` says of the path; 500 to messages in `bad`.

    Paths in `hanging` get no answer until the test ends.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    status: int = 204
    answers: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, path: str) -> list[Received]:
        """What came to a path."""
        return [one for one in self.received if one.path == path]

    async def take(self, request: Request) -> Response:
        """One request."""
        path = request.url.path
        self.received.append(Received(path, dict(request.headers), await request.body()))
        if path in self.hanging:
            await self.released.wait()
        status = 500 if request.headers.get("webhook-id") in self.bad else self.answers.get(path, self.status)
        return Response(status_code=status, headers=self.headers)

    def app(self) -> Starlette:
        """Its HTTP face."""
        return Starlette(routes=[Route("/{path:path}", self.take, methods=["POST", "GET"])])


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A creator's server while the block lasts."""
    receiver = Receiver()
    async with served(receiver.app()) as url:
        receiver.url = url
        try:
            yield receiver
        finally:
            receiver.released.set()
