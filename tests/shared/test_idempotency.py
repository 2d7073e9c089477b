"""Ask twice, get the first answer: under replay, races, refusals and crashes. Real PostgreSQL, committing sessions."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict
from shared.db import DATABASE_OUTAGE, Database, new_metadata
from shared.errors import AppError, DependencyUnavailableError
from shared.idempotency import IdempotencyKeys, IdempotentRoute, idempotency_table, resource_id_of
from shared.settings import sqlalchemy_url
from shared.web import create_web_app
from sqlalchemy import Column, Integer, Table, Uuid, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

metadata = new_metadata()
keys_table = idempotency_table(metadata)
# The unique amount is checked at commit, which is how a test makes a commit fail.
things = Table("things", metadata, Column("id", Uuid, primary_key=True), Column("amount", Integer, nullable=False))

ANNA, BERT = UUID(int=1), UUID(int=2)


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: int
    note: str | None = None


class TooDearError(AppError):
    code = "too_dear"


class Shop:
    """The app under test, and the strings its tests pull."""

    def __init__(self, database: Database, *, guarded: bool = True) -> None:
        self.database = database
        self.guarded = guarded
        self.enter = asyncio.Event()
        self.leave = asyncio.Event()
        self.leave.set()
        self.failures: list[Exception] = []
        self.resource_ids: list[UUID] = []
        self.keys = IdempotencyKeys(database, keys_table)

    def app(self) -> FastAPI:
        router = APIRouter(route_class=IdempotentRoute)

        async def account(request: Request) -> UUID:
            account_id = UUID(request.headers["account"])
            if self.guarded:
                await self.keys.claim(request, account_id)
            return account_id

        async def session(request: Request) -> AsyncIterator[AsyncSession]:
            async with self.database.transaction() as opened:
                request.state.session = opened
                yield opened

        @router.post("/orders", status_code=201)
        async def order(
            request: Request,
            body: Order,
            _: Annotated[UUID, Depends(account)],
            db: Annotated[AsyncSession, Depends(session, scope="function")],
        ) -> dict[str, Any]:
            self.resource_ids.append(resource_id_of(request))
            self.enter.set()
            await self.leave.wait()
            if body.amount > 100:
                raise TooDearError
            await db.execute(insert(things).values(id=resource_id_of(request), amount=body.amount))
            if self.failures:
                raise self.failures.pop()
            return {"id": str(resource_id_of(request)), "amount": body.amount}

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            yield

        app = create_web_app(
            title="Shop",
            description="",
            lifespan=lifespan,
            routers=[router],
            ready=self.database.check,
            outages=(DATABASE_OUTAGE,),
        )
        app.state.idempotency = self.keys
        return app

    async def made(self) -> int:
        async with self.database.transaction() as session:
            return (await session.execute(select(func.count()).select_from(things))).scalar_one()


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    opened = Database(sqlalchemy_url(empty_database_url), application_name="tests")
    async with opened.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


@pytest.fixture
async def http(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(shop) as client:
        yield client


def _client(shop: Shop) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(shop.app(), raise_app_exceptions=False),
        base_url="http://shop",
        headers={"account": str(ANNA), "Idempotency-Key": "k1"},
    )


async def test_a_replay_gives_the_first_answer_and_does_nothing(shop: Shop, http: httpx.AsyncClient) -> None:
    first = await http.post("/orders", json={"amount": 5})
    again = await http.post("/orders", json={"amount": 5})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await shop.made() == 1


async def test_the_same_json_in_another_spelling_is_the_same_request(shop: Shop, http: httpx.AsyncClient) -> None:
    json = {"Content-Type": "application/json"}
    first = await http.post("/orders", content=b'{"amount":5,"note":"x"}', headers=json)
    again = await http.post("/orders", content=b'{ "note": "x",\n "amount": 5 }', headers=json)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await http.post("/orders", content=b'{"amount":5,"note":"y"}', headers=json)
    assert other.json()["code"] == "idempotency_key_reused"
    assert await shop.made() == 1


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 500 + b"]" * 500, b'{"amount": 1e999}'])
async def test_a_body_that_cannot_be_put_in_one_form_is_refused_as_without_a_key(http: httpx.AsyncClient, body: bytes) -> None:
    json = {"Content-Type": "application/json"}
    with_key = await http.post("/orders", content=body, headers=json)
    without = await http.post("/orders", content=body, headers={**json, "Idempotency-Key": "k2"})
    assert (with_key.status_code, with_key.json()["errors"]) == (422, without.json()["errors"])


async def test_the_table_holds_neither_the_key_nor_the_answer(http: httpx.AsyncClient, database: Database) -> None:
    answer = await http.post("/orders", json={"amount": 5}, headers={"Idempotency-Key": "a-key-of-the-client"})
    async with database.transaction() as session:
        [row] = (await session.execute(select(keys_table))).all()
    assert "a-key-of-the-client" not in str(row)
    assert answer.json()["id"].encode() not in row.body


async def test_another_body_is_refused(shop: Shop, http: httpx.AsyncClient) -> None:
    await http.post("/orders", json={"amount": 5})
    other = await http.post("/orders", json={"amount": 6})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await shop.made() == 1


async def test_another_account_has_its_own_keys(shop: Shop, http: httpx.AsyncClient) -> None:
    await http.post("/orders", json={"amount": 5})
    other = await http.post("/orders", json={"amount": 6}, headers={"account": str(BERT)})
    assert other.status_code == 201
    assert await shop.made() == 2


async def test_without_a_key_nothing_is_remembered(shop: Shop, http: httpx.AsyncClient) -> None:
    del http.headers["Idempotency-Key"]
    for _ in range(2):
        assert (await http.post("/orders", json={"amount": 5})).status_code == 201
    assert await shop.made() == 2


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_of_a_wrong_length_is_refused_by_name(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/orders", json={"amount": 5}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_second_request_while_the_first_runs_is_told_so(shop: Shop, http: httpx.AsyncClient) -> None:
    shop.leave.clear()
    first = asyncio.create_task(http.post("/orders", json={"amount": 5}))
    await shop.enter.wait()
    second = await http.post("/orders", json={"amount": 5})
    shop.leave.set()
    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert (await first).status_code == 201
    assert await shop.made() == 1


@pytest.mark.parametrize(("guarded", "made"), [(True, 1), (False, 10)])
async def test_ten_at_once_have_one_effect_and_ten_without_the_guard(database: Database, *, guarded: bool, made: int) -> None:
    shop = Shop(database, guarded=guarded)
    async with _client(shop) as http:
        answers = await asyncio.gather(*(http.post("/orders", json={"amount": 5}) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await shop.made() == made


async def test_a_refusal_is_the_first_answer_too(shop: Shop, http: httpx.AsyncClient) -> None:
    first = await http.post("/orders", json={"amount": 500})
    again = await http.post("/orders", json={"amount": 500})
    assert first.status_code == again.status_code == 400
    assert first.json()["code"] == again.json()["code"] == "too_dear"
    assert len(shop.resource_ids) == 1


async def test_a_malformed_request_leaves_the_key_free_for_the_corrected_one(http: httpx.AsyncClient) -> None:
    assert (await http.post("/orders", json={"amount": "ten"})).status_code == 422
    assert (await http.post("/orders", json={"amount": 10})).status_code == 201


@pytest.mark.parametrize("failure", [RuntimeError("bug"), DependencyUnavailableError("Billing")])
async def test_after_a_passing_fault_the_retry_goes_on_with_the_same_thing(
    shop: Shop, http: httpx.AsyncClient, failure: Exception
) -> None:
    shop.failures = [failure]
    assert (await http.post("/orders", json={"amount": 5})).status_code in {500, 503}
    assert await shop.made() == 0
    assert (await http.post("/orders", json={"amount": 5})).status_code == 201
    assert len(set(shop.resource_ids)) == 1
    assert await shop.made() == 1


async def test_an_effect_that_does_not_commit_leaves_no_answer(shop: Shop, http: httpx.AsyncClient, database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE things ADD UNIQUE (amount) DEFERRABLE INITIALLY DEFERRED"))
    await http.post("/orders", json={"amount": 5}, headers={"Idempotency-Key": "other"})
    assert (await http.post("/orders", json={"amount": 5})).status_code == 500
    async with database.transaction() as session:
        kept = (
            await session.execute(select(keys_table.c.status).where(keys_table.c.key == hashlib.sha256(b"k1").hexdigest()))
        ).scalar_one()
    assert kept is None
    assert await shop.made() == 1


async def test_a_claim_of_a_dead_process_is_taken_over_with_its_resource_id(
    shop: Shop, http: httpx.AsyncClient, database: Database
) -> None:
    shop.leave.clear()
    first = asyncio.create_task(http.post("/orders", json={"amount": 5}))
    await shop.enter.wait()
    first.cancel()  # the process dies here
    await asyncio.gather(first, return_exceptions=True)
    async with database.transaction() as session:
        await session.execute(text("UPDATE idempotency_keys SET locked_until = clock_timestamp() - interval '1 second'"))
    shop.leave.set()
    again = await http.post("/orders", json={"amount": 5})
    assert again.status_code == 201
    assert len(set(shop.resource_ids)) == 1


async def test_a_key_is_forgotten_after_24_hours(shop: Shop, http: httpx.AsyncClient, database: Database) -> None:
    await http.post("/orders", json={"amount": 5})
    async with database.transaction() as session:
        await session.execute(text("UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'"))
    assert (await http.post("/orders", json={"amount": 6})).status_code == 201
    assert await shop.made() == 2
