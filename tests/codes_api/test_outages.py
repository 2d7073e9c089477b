"""A part is away: 503 with Retry-After, nothing half done, and reading goes on where it can."""

import socket

import httpx
import pytest

from tests.support.clock import MovableClock
from tests.support.codes_api import Codes, Shop, codes_running


@pytest.fixture
def dead_port() -> int:
    """Nobody listens there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _unavailable(answer: httpx.Response, what: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert what in answer.json()["detail"]


async def test_postgresql_is_away(redis_url: str, clock: MovableClock, dead_port: int) -> None:
    async with codes_running(f"postgresql://postgres@127.0.0.1:{dead_port}/codes", redis_url, clock) as codes:
        creator = codes.creator()
        _unavailable(await creator.ask("GET", "/projects"), "The database")
        _unavailable(await creator.post("/projects", {"name": "Club"}), "The database")
        _unavailable(await creator.post("/projects", {"name": "Club"}, key="k"), "The database")
        assert (await creator._http.get("/readyz")).status_code == 503
        assert (await creator._http.get("/healthz")).status_code == 200
        assert codes.billing.reservations == {}


async def test_billing_is_away(codes_database_url: str, redis_url: str, clock: MovableClock, dead_port: int) -> None:
    changes = {"billing_api_url": f"http://127.0.0.1:{dead_port}"}
    async with codes_running(codes_database_url, redis_url, clock, **changes) as codes:
        _unavailable(await codes.creator().ask("GET", "/projects"), "billing-api")
        assert (await codes.creator()._http.get("/readyz")).status_code == 200


async def test_the_gateway_is_away(codes_database_url: str, redis_url: str, clock: MovableClock, dead_port: int) -> None:
    changes = {"bot_gateway_url": f"http://127.0.0.1:{dead_port}"}
    async with codes_running(codes_database_url, redis_url, clock, **changes) as codes:
        creator = codes.creator()
        project = await creator.made("/projects", {"name": "Club"})
        _unavailable(await creator.ask("PUT", f"/projects/{project['id']}/bot", {"token": "1:x"}), "bot-gateway")
        assert (await creator.get(f"/projects/{project['id']}"))["bot"] is None


async def test_redis_is_away(codes_database_url: str, clock: MovableClock, dead_port: int) -> None:
    async with codes_running(codes_database_url, f"redis://127.0.0.1:{dead_port}/0", clock) as codes:
        creator = codes.creator()
        _unavailable(await creator.post("/projects", {"name": "Club"}, key="k"), "Redis")
        assert (await creator.get("/projects"))["data"] == []
        assert (await creator._http.get("/readyz")).status_code == 200


async def test_the_database_loses_its_connections(codes: Codes, shop: Shop) -> None:
    """One request may fail for it; the next one connects anew."""
    async with codes.state.database.engine.connect() as connection:
        await connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    first = await shop.creator.ask("GET", "/projects")
    assert first.status_code in {200, 503}
    assert (await shop.creator.get("/projects"))["data"]


async def test_a_body_of_ten_megabytes(codes: Codes) -> None:
    creator = codes.creator()
    refused = await creator.post("/projects", {"name": "x" * 10 * 1024 * 1024})
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


async def test_too_many_requests(codes_database_url: str, redis_url: str, clock: MovableClock) -> None:
    async with codes_running(codes_database_url, redis_url, clock, rate_limit_per_minute=3) as codes:
        creator = codes.creator()
        for _ in range(3):
            await creator.get("/projects")
        refused = await creator.ask("GET", "/projects")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["retry-after"]) > 0
        assert (await codes.creator().ask("GET", "/projects")).status_code == 200
