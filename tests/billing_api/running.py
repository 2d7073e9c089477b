"""A running billing-api for tests: the real app on real PostgreSQL and Redis; codes-api is a stand-in that counts."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from billing_api.accounts.models import Account
from billing_api.main import create_app
from billing_api.payments.processor import PaymentProcessor
from billing_api.settings import Settings
from fastapi import FastAPI, HTTPException
from pydantic import SecretStr
from shared.clients.billing import BillingClient
from shared.contracts.accounts import AccountUsage
from shared.contracts.batches import BatchCount, BatchCounts, CountBatches
from shared.contracts.quota import ExpiredCodes, QuotaReservation, ReportExpired, ReserveQuota
from shared.db import Database
from shared.ids import new_id
from shared.money import Money, usd
from shared.settings import sqlalchemy_url
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.clock import MovableClock
from tests.support.in_process import served

OPERATOR_KEY = "operator-key-of-the-tests"
SERVICE_TOKEN = "service-token-of-the-tests"
Json = dict[str, Any]
_emails = itertools.count()


@dataclass
class CodesCounts:
    """What the stand-in of codes-api says about every account."""

    database: Database
    projects: int = 0
    lifetime_memberships: int = 0
    asked: int = 0
    counts: dict[UUID, Json] = field(default_factory=dict)
    """By batch: what it says otherwise than billing-api; without a word it has exactly what was confirmed."""
    at_once: int = 500
    away: bool = False

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/internal/tenants/{account_id}/usage")
        async def usage(account_id: UUID) -> AccountUsage:
            self.asked += 1
            return AccountUsage(projects=self.projects, lifetime_memberships=self.lifetime_memberships)

        @app.post("/internal/batches/counts")
        async def count(which: CountBatches) -> BatchCounts:
            if self.away:
                raise HTTPException(503)
            after = (UUID(int=0),) if which.after is None else (which.after.account_id, which.after.batch_id)
            batches = [one for one in await self._batches() if (one.account_id, one.batch_id) > after]
            if which.until is not None:
                until = (which.until.account_id, which.until.batch_id)
                batches = [one for one in batches if (one.account_id, one.batch_id) <= until]
            return BatchCounts(data=batches[: self.at_once], more=len(batches) > self.at_once)

        return app

    async def _batches(self) -> list[BatchCount]:
        query = "SELECT account_id, batch_id, quantity, expired FROM quota_reservations WHERE state = 'confirmed' ORDER BY 1, 2"
        async with self.database.transaction() as session:
            rows = (await session.execute(text(query))).all()
        said = {row.batch_id: self._said(row.account_id, row.batch_id, row.quantity, row.expired) for row in rows}
        said |= {batch: BatchCount.model_validate(one) for batch, one in self.counts.items() if "account_id" in one}
        return sorted(said.values(), key=lambda one: (one.account_id, one.batch_id))

    def _said(self, account_id: UUID, batch_id: UUID, quantity: int, expired: int) -> BatchCount:
        count = {"generated": quantity, "existing": quantity - expired, "expired": expired, "in_flight": False}
        otherwise = self.counts.get(batch_id, {})
        return BatchCount.model_validate({"account_id": account_id, "batch_id": batch_id, **count, **otherwise})


@dataclass
class Billing:
    """The service under test and ways to look into it."""

    app: FastAPI
    http: httpx.AsyncClient
    internal: BillingClient
    database: Database
    clock: MovableClock
    codes: CodesCounts
    settings: Settings
    operator: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {OPERATOR_KEY}"})

    async def open_account(self, email: str | None = None) -> "Creator":
        body = {"email": email or f"creator{next(_emails)}@example.com", "name": "Ada"}
        opened = ok(await self.http.post("/v1/accounts", json=body), 201)
        return Creator(self, UUID(opened["account"]["id"]), opened["api_key"])

    async def subscribed(self, plan: str, token: str = "pm_card_visa") -> "Creator":
        creator = await self.open_account()
        await creator.add_card(token)
        ok(await creator.change(plan))
        return creator

    async def custom_plan(self, creator: "Creator", **terms: Any) -> Json:
        """A plan that operators make for one account."""
        plan = {
            "account_id": str(creator.id),
            "code": "agency",
            "name": "Agency",
            "tier": 3,
            "interval": "month",
            "price": {"amount": 19900, "currency": "USD"},
            "limits": {"projects": None, "lifetime_memberships": None, "codes": 2000},
            "fee_rate": "0.005",
            **terms,
        }
        made: Json = ok(await self.http.post("/v1/operator/plans", json=plan, headers=self.operator), 201)
        return made

    async def run_due(self) -> int:
        """All that is due, as jobs does it: again until nothing is."""
        done = 0
        while (run := await self.internal.run_due()).done:
            done += run.done
        return done

    async def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        async with self.database.transaction() as session:
            result = await (await session.connection()).execute(text(sql), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def one(self, sql: str, **parameters: Any) -> Any:
        ((value,),) = await self.rows(sql, **parameters)
        return value

    async def check_audit(self) -> None:
        """No money invariant is broken."""
        found = ok(await self.http.get("/v1/operator/audit", headers=self.operator))["data"]
        broken = {one["name"]: one["violations"] for one in found if one["violations"]}
        assert broken == {}, broken

    async def forget_leases(self) -> None:
        """As if a minute had passed since a process died while it asked the processor."""
        await self.rows("UPDATE payment_attempts SET leased_until = clock_timestamp() - interval '1 second'")

    async def charges(self) -> list[tuple[int, str]]:
        """What the sandbox processor did: amounts and outcomes."""
        return [(row[0], row[1]) for row in await self.rows("SELECT amount, outcome FROM sandbox_charges ORDER BY created_at")]


@dataclass
class Creator:
    """One account and its key."""

    billing: Billing
    id: UUID
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    async def get(self, path: str, **params: Any) -> Any:
        return ok(await self.billing.http.get(path, headers=self.headers, params=params))

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> httpx.Response:
        headers = self.headers if key is None else {**self.headers, "Idempotency-Key": key}
        return await self.billing.http.post(path, headers=headers, json=body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.billing.http.delete(path, headers=self.headers)

    async def add_card(self, token: str = "pm_card_visa") -> Json:
        added: Json = ok(await self.post("/v1/payment-methods", {"token": token}), 201)
        return added

    async def change(self, plan: str, *, key: str | None = None) -> httpx.Response:
        return await self.post("/v1/subscription/change", {"plan": plan}, key=key)

    async def preview(self, plan: str) -> httpx.Response:
        return await self.post("/v1/subscription/preview", {"plan": plan})

    async def plan(self) -> str:
        plan: str = (await self.get("/v1/subscription"))["plan"]
        return plan

    async def invoices(self) -> list[Json]:
        """Oldest first."""
        data: list[Json] = (await self.get("/v1/invoices", limit=100))["data"]
        return data[::-1]

    async def balance(self) -> int:
        balance: int = (await self.get("/v1/account"))["credit_balance"]["amount"]
        return balance

    async def codes(self) -> tuple[int | None, int, int | None]:
        """included, used, remaining of the running cycle."""
        codes = (await self.get("/v1/usage"))["codes"]
        return codes["included"], codes["used"], codes["remaining"]

    async def reserve(
        self, quantity: int, *, price: int | Money = 100, fee: int | Money | None = None, batch_id: UUID | None = None
    ) -> QuotaReservation:
        body = ReserveQuota(
            batch_id=batch_id or new_id(),
            quantity=quantity,
            unit_price=usd(price) if isinstance(price, int) else price,
            accept_fee=usd(fee) if isinstance(fee, int) else fee,
        )
        return await self.billing.internal.reserve_quota(self.id, body)

    async def generate(self, quantity: int, **terms: Any) -> UUID:
        """Reserve and confirm a batch."""
        batch_id = (await self.reserve(quantity, **terms)).batch_id
        await self.billing.internal.confirm_quota(self.id, batch_id)
        return batch_id


async def no_lock(session: AsyncSession, account_id: UUID) -> Account:
    """Stands in for `lock_account` in negative controls: the same row, unlocked."""
    return (await session.scalars(select(Account).where(Account.account_id == account_id))).one()


def ok(response: httpx.Response, status: int = 200) -> Any:
    """The body of a good answer."""
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def refused(response: httpx.Response, status: int, code: str) -> Json:
    """The problem document of a refusal."""
    problem: Json = response.json()
    assert (response.status_code, problem["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


async def together(*answers: Any) -> list[Any]:
    """Everything at once; exceptions are results."""
    return await asyncio.gather(*answers, return_exceptions=True)


def settings_for(database_url: str, redis_url: str, clock: MovableClock, **given: Any) -> Settings:
    values: Json = {
        "sandbox": True,
        "billing_database_url": database_url,
        "redis_url": redis_url,
        "operator_key": SecretStr(OPERATOR_KEY),
        "service_token": SecretStr(SERVICE_TOKEN),
        "sandbox_clock_file": clock.path,
        "rate_limit_per_minute": 10_000,
        "database_pool_size": 20,
    }
    return Settings(**{**values, **given})


@asynccontextmanager
async def billing_running(
    database_url: str, redis_url: str, clock: MovableClock, *, processor: PaymentProcessor | None = None, **given: Any
) -> AsyncIterator[Billing]:
    """billing-api with a stand-in of codes-api. `given`: further settings."""
    database = Database(sqlalchemy_url(database_url), application_name="tests", pool_size=10)
    counts = CodesCounts(database)
    async with served(counts.app()) as codes_url:
        settings = settings_for(database_url, redis_url, clock, **{"codes_api_url": codes_url, **given})
        app = create_app(settings, processor=processor)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://billing") as http,
            BillingClient(
                "billing-api", "http://billing", SecretStr(SERVICE_TOKEN), transport=transport, retry=False
            ) as internal,
        ):
            yield Billing(app, http, internal, database, clock, counts, settings)
    await database.close()


def expiry_of(*batches: tuple[UUID, int]) -> ReportExpired:
    """A report, with an event of its own, that so many codes of these batches expired."""
    codes = [ExpiredCodes(batch_id=batch_id, quantity=quantity) for batch_id, quantity in batches]
    return ReportExpired(event_id=new_id(), batches=codes)
