"""localstripe, a Stripe that we did not write, as its own process; and between it and the service a proxy that does what
localstripe leaves out: it keeps answers by Idempotency-Key and lists a customer's own PaymentIntents. It also does what
networks do: it loses requests and answers, and it holds webhooks back until the test delivers them in the order it likes.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.support.in_process import HOST, served

KEY = "sk_test_" + "k" * 16
SECRET = "whsec_" + "w" * 16
_PASSED_ON = ("authorization", "content-type")
_PATIENCE_S = 20.0


@contextlib.contextmanager
def localstripe(home: Path) -> Iterator[str]:
    """Its base URL."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    with (home / "localstripe.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words only
            [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
            stdout=log,
            stderr=log,
            cwd=home,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        _wait_for(port, process)
        yield f"http://{HOST}:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    transport = httpx.HTTPTransport(retries=10)  # each a little later than the one before
    with httpx.Client(transport=transport, timeout=_PATIENCE_S) as http:
        http.get(f"http://{HOST}:{port}/v1/customers", headers={"Authorization": f"Bearer {KEY}"}).raise_for_status()
    assert process.poll() is None


@dataclass(frozen=True)
class Webhook:
    """An event as it arrived, signature and all."""

    body: bytes
    signature: str


@dataclass
class StripeProxy:
    """What stands between. Counters say how often the next request that charges is treated so."""

    upstream: httpx.AsyncClient
    url: str = ""
    lose_requests: int = 0
    lose_answers: int = 0
    fail: int = 0
    gate: asyncio.Event | None = None
    """Answers to charges wait for it."""
    door: asyncio.Event | None = None
    """Requests to charge wait for it before they go on, also when who sent them is dead by then."""
    forgets: bool = False
    """Keeps no answers: for negative controls."""
    on_the_way: int = 0
    """Requests that have come in and were not answered yet."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    _kept: dict[str, httpx.Response] = field(default_factory=dict)
    _held: list[Webhook] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> Starlette:
        routes = [
            Route("/hooks", self._hold, methods=["POST"]),
            Route("/v1/payment_intents", self._list, methods=["GET"]),
            Route("/{path:path}", self._count, methods=["GET", "POST", "DELETE"]),
        ]
        return Starlette(routes=routes)

    async def intents(self) -> list[dict[str, Any]]:
        """Every PaymentIntent there is, as localstripe has it."""
        listed = await self.upstream.get("/v1/payment_intents?limit=1000", headers={"Authorization": f"Bearer {KEY}"})
        data: list[dict[str, Any]] = listed.json()["data"]
        return data

    async def webhook(self, kind: str, account_id: object) -> Webhook:
        """The event of this type about an account's charge, once it has come."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                for held in self._held:
                    if f'"type": "{kind}"'.encode() in held.body and str(account_id).encode() in held.body:
                        return held
                self._came.clear()
                await self._came.wait()

    async def _hold(self, request: Request) -> Response:
        self._held.append(Webhook(await request.body(), request.headers["stripe-signature"]))
        self._came.set()
        return Response()

    async def _list(self, request: Request) -> Response:
        self.asked.append(("GET", "/v1/payment_intents"))
        mine = [intent for intent in await self.intents() if intent["customer"] == request.query_params["customer"]]
        listed = {"object": "list", "data": mine, "has_more": False, "url": "/v1/payment_intents"}
        return Response(httpx.Response(200, json=listed).content, media_type="application/json")

    async def _count(self, request: Request) -> Response | Callable[[Scope, Receive, Send], Awaitable[None]]:
        self.on_the_way += 1
        try:
            return await self._pass_on(request)
        finally:
            self.on_the_way -= 1

    async def _pass_on(self, request: Request) -> Response | Callable[[Scope, Receive, Send], Awaitable[None]]:
        self.asked.append((request.method, request.url.path))
        charges = (request.method, request.url.path) == ("POST", "/v1/payment_intents")
        if charges and self.lose_requests:
            self.lose_requests -= 1
            return _break_off
        if charges and self.fail:
            self.fail -= 1
            return Response(b'{"error": {"type": "api_error"}}', 503, media_type="application/json")
        if charges and self.door is not None:
            await request.body()
            await self.door.wait()
        answer = await self._once(request)
        if charges and self.gate is not None:
            await self.gate.wait()
        if charges and self.lose_answers:
            self.lose_answers -= 1
            return _break_off
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    async def _once(self, request: Request) -> httpx.Response:
        """Stripe keeps the first answer to a key, good or bad."""
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key is not None and key in self._kept and not self.forgets:
            return self._kept[key]
        # The present API's name for it, which localstripe does not know yet.
        body = (await request.body()).replace(b"allowed_payment_method_types", b"payment_method_types")
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        answer = await self.upstream.request(
            request.method, str(request.url.path), params=request.query_params, headers=headers, content=body
        )
        if key is not None:
            self._kept[key] = answer
        return answer


async def _break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
    """An answer that breaks off: less comes than was announced, and the connection is closed."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": False})


@contextlib.asynccontextmanager
async def stripe_proxy(localstripe_url: str) -> AsyncIterator[StripeProxy]:
    """A proxy to a running localstripe, which sends its webhooks here."""
    async with httpx.AsyncClient(base_url=localstripe_url, timeout=_PATIENCE_S) as upstream:
        proxy = StripeProxy(upstream)
        async with served(proxy.app()) as proxy.url:
            hook = {"url": f"{proxy.url}/hooks", "secret": SECRET}
            (await upstream.post("/_config/webhooks/tests", json=hook)).raise_for_status()
            yield proxy
