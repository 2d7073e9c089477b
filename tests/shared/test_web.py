"""The HTTP face: request ids, body limit, problems, docs without a network, health."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict
from shared.clients.base import KEEP_IDLE_S
from shared.errors import NotFoundError
from shared.problems import Outage, problem_responses
from shared.web import KEEP_ALIVE_S, create_web_app


class AwayError(Exception):
    """A driver's way to say that its server is away."""


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    quantity: int


router = APIRouter(prefix="/v1")


@router.post("/things", responses=problem_responses(NotFoundError))
async def make_thing(thing: Thing) -> Thing:
    if thing.quantity == 0:
        raise NotFoundError
    if thing.quantity == 1:
        raise AwayError
    if thing.quantity == 2:
        raise RuntimeError("secret inner words")
    return thing


@router.get("/things")
async def list_things() -> list[Thing]:
    return []


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


async def not_ready() -> None:
    raise AwayError


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_web_app(
        title="Things",
        description="",
        lifespan=lifespan,
        routers=[router],
        ready=not_ready,
        outages=(Outage("The thing store", (AwayError,), lambda _: True),),
        max_body_bytes=1000,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://things") as http:
        yield http


async def test_a_request_id_comes_back_and_stands_in_the_problem(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", json={"quantity": 0}, headers={"X-Request-ID": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:memberpass:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "Not found",
        "code": "not_found",
        "request_id": "mine-1",
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [({"quantity": "ten"}, "quantity"), ({}, "quantity"), ({"quantity": 5, "extra": 1}, "extra"), ([], "body")],
)
async def test_bad_input_names_the_field(client: httpx.AsyncClient, body: object, field: str) -> None:
    answer = await client.post("/v1/things", json=body)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["code"] == "validation_failed"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 500_000], ids=["no text", "too deep"])
async def test_a_body_that_is_no_text_is_refused_like_any_other_broken_one(body: bytes) -> None:
    app = create_web_app(title="Things", description="", lifespan=lifespan, routers=[router], ready=not_ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://things") as http:
        answer = await http.post("/v1/things", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [error["field"] for error in answer.json()["errors"]] == ["body"]


async def test_broken_json_is_a_problem_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", content=b'{"quantity":', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"] == [{"field": "body", "message": "is no JSON: Expecting value"}]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient, announced: bool) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    answer = await client.post("/v1/things", content=b"x" * 2000 if announced else stream())
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_a_part_that_is_away_is_503_with_retry_after(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", json={"quantity": 1})
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency_unavailable")
    assert answer.headers["retry-after"] == "5"
    assert "thing store" in answer.json()["detail"]
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_a_surprise_is_500_and_says_nothing_of_its_inside(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", json={"quantity": 2})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret inner words" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_unknown_addresses_and_methods_are_problems(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/nothing")).json()["code"] == "not_found"
    refused = await client.delete("/v1/things")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, POST"


async def test_the_docs_page_needs_no_other_host(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page) + re.findall(r"url:\s*'([^']+)'", page)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith("/"), address
        assert (await client.get(address)).status_code == 200


async def test_the_openapi_names_the_problems_of_an_operation(client: httpx.AsyncClient) -> None:
    responses = (await client.get("/openapi.json")).json()["paths"]["/v1/things"]["post"]["responses"]
    assert set(responses) == {"200", "404", "422"}
    assert "not_found" in responses["404"]["content"]["application/problem+json"]["examples"]


def test_a_server_keeps_an_idle_connection_longer_than_its_callers_do() -> None:
    # The other way round a server hangs up at the moment at which the next request goes out: seen as "can't be reached".
    assert KEEP_ALIVE_S > KEEP_IDLE_S
