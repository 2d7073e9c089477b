"""The HTTP face that all services share: request ids, access log, body limit, problems, docs, health, metrics."""

import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import PayloadTooLargeError
from shared.logging import configure_logging, get_logger
from shared.metrics import count_request, metrics_router
from shared.problems import Outage, install_problem_handlers, render_error, render_surprise
from shared.request_id import HEADER, bind_request_id
from shared.settings import ServiceSettings

log = get_logger(__name__)

MAX_BODY_BYTES = 1024 * 1024
KEEP_ALIVE_S = 75
"""How long an idle connection is kept. Longer than callers keep theirs (our clients 30 s, proxies and browsers up to 60 s): else
one is closed at the very moment at which the next request goes out on it."""
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Check = Callable[[], Awaitable[None]]


def create_web_app(
    *,
    title: str,
    description: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    ready: Check,
    outages: Sequence[Outage] = (),
    tags: Sequence[dict[str, Any]] = (),
    max_body_bytes: int = MAX_BODY_BYTES,
) -> FastAPI:
    """A service's app.

    Args:
        title: shown on the docs page (`/docs`, whole without internet).
        description: Markdown for the docs page.
        lifespan: opens and closes what the service needs.
        routers: the public and the internal ones; the latter with `include_in_schema=False`.
        ready: raises while the service can't answer (`/readyz` is 503 then).
        outages: the parts that can be away.
        tags: OpenAPI tags in the order of the docs page.
        max_body_bytes: larger bodies are refused unread (413).
    """
    app = FastAPIOffline(
        title=title,
        description=description,
        version="1",
        lifespan=lifespan,
        redoc_url=None,
        # It asks the environment several times a request whether there is a provider; there is none.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        openapi_tags=list(tags),
        swagger_ui_parameters={"persistAuthorization": True, "displayRequestDuration": True, "docExpansion": "list"},
    )
    install_problem_handlers(app)
    for router in routers:
        # The routes as they are: our routers are whole, and including them would build each route anew for each app.
        app.router.routes.extend(router.routes)
    app.include_router(_health_router(ready))
    app.include_router(metrics_router())
    app.add_middleware(BodyLimitMiddleware, max_bytes=max_body_bytes)
    app.add_middleware(RequestContextMiddleware, outages=outages)
    return app


def serve(app: FastAPI, settings: ServiceSettings, service: str) -> None:
    """Run the app until SIGTERM or Ctrl-C; requests under way get 5 seconds to end."""
    configure_logging(service, settings.log_level)
    # What exists by now stays: the garbage collector need not look through it again and again while requests run.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


def _health_router(ready: Check) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        await ready()
        return {"status": "ready"}

    return router


class RequestContextMiddleware:
    """Gives each request its id, answers with it, and writes one access line (route template, never the raw path).

    It also answers what nobody expected: here, so that the answer has the request's id like any other.
    """

    def __init__(self, app: ASGIApp, outages: Sequence[Outage]) -> None:
        self._app = app
        self._outages = outages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        request_id = bind_request_id(Headers(scope=scope).get(HEADER))
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            if status:  # the answer is on its way: all that is left is to break the connection off
                raise
            await render_surprise(error, self._outages)(scope, receive, send_with_id)
        finally:
            if scope["path"] not in _QUIET:
                method, route = scope["method"], getattr(scope.get("route"), "path", "-")
                seconds = time.perf_counter() - started
                count_request(method=method, handler=route, status=status, seconds=seconds)
                log.info("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))


class BodyLimitMiddleware:
    """Refuses a body over the limit: at once if its length is announced, else as soon as it has come that far.

    FastAPI's own `max_body_size` answers an announced length in plain text, before any handler could make it a problem.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length")
        if announced is not None and announced.isdigit() and int(announced) > self._max_bytes:
            await self._refuse(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                # FastAPI lets only its own kind of exception out of the reading of a body.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._sentence())
            return message

        await self._app(scope, counted, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = render_error(PayloadTooLargeError(self._sentence()))
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    def _sentence(self) -> str:
        return f"A request body may have {self._max_bytes} bytes at most."
