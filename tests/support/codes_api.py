"""A running codes-api for tests: the real app on real PostgreSQL and Redis, with stand-ins for its two neighbours."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from codes_api.main import create_app
from codes_api.settings import Settings
from codes_api.state import State
from fastapi import FastAPI
from shared.clients.codes import CodesClient
from shared.contracts.batches import BatchRef, DeliveryClaim
from shared.contracts.bots import LinkOwnerChat
from shared.problems import install_problem_handlers

from tests.support.billing_stand_in import BillingStandIn
from tests.support.clock import MovableClock
from tests.support.gateway_stand_in import GatewayStandIn
from tests.support.in_process import served

Json = dict[str, Any]


class Creator:
    """A creator's client: asks codes-api with one key."""

    def __init__(self, app: FastAPI, key: str, account_id: UUID) -> None:
        self.account_id = account_id
        self.key = key
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://codes",
            headers={"Authorization": f"Bearer {key}"},
        )

    async def ask(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        """One request below /v1."""
        return await self._http.request(method, f"/v1{path}", json=body, **options)

    async def send(self, method: str, path: str, content: bytes) -> httpx.Response:
        """One request with a body that was written by hand."""
        headers = {"Content-Type": "application/json"}
        return await self._http.request(method, f"/v1{path}", content=content, headers=headers)

    async def get(self, path: str, **params: Any) -> Json:
        """A GET that succeeds."""
        return _good(await self.ask("GET", path, params=params))

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> httpx.Response:
        """A POST, with an Idempotency-Key if there is one."""
        return await self.ask("POST", path, body, headers={} if key is None else {"Idempotency-Key": key})

    async def made(self, path: str, body: object) -> Json:
        """A POST that succeeds."""
        return _good(await self.post(path, body))

    async def put(self, path: str, body: object) -> Json:
        """A PUT that succeeds."""
        return _good(await self.ask("PUT", path, body))


@dataclass
class Codes:
    """codes-api with its neighbours. `internal` is how jobs and bot-gateway reach it."""

    app: FastAPI
    billing: BillingStandIn
    gateway: GatewayStandIn
    clock: MovableClock
    internal: CodesClient

    @property
    def state(self) -> State:
        """What the running service holds."""
        state: State = self.app.state.codes
        return state

    def creator(self, **account: Any) -> Creator:
        """A creator with a new account."""
        key = self.billing.open_account(**account)
        return Creator(self.app, key, self.billing.account_of(key))

    async def all_said(self) -> None:
        """Until the relay has handed over every event: its own task does it, while this one looks."""
        async with asyncio.timeout(30):
            while (await self.internal.outbox()).unpublished:  # another connection has no event to wait for
                await asyncio.sleep(0.01)

    async def shop(self, *, bot_id: int = 1001, linked: int | None = 555, **account: Any) -> "Shop":
        """A creator with a project, a bot, access codes enabled and a monthly plan: all that generation asks for.

        `linked`: the chat that the owner link was opened in; None: it was not.
        """
        creator = self.creator(**account)
        project = (await creator.made("/projects", {"name": "Club"}))["id"]
        path = f"/projects/{project}"
        token = self.gateway.make_bot(bot_id, username=f"club{bot_id}_bot")
        link = (await creator.put(f"{path}/bot", {"token": token}))["owner_link"]
        await creator.put(f"{path}/payment-methods/access-codes", {"enabled": True})
        plan = {"name": "Monthly", "price": {"amount": 100, "currency": "USD"}, "interval": {"unit": "month", "count": 1}}
        plan_id = (await creator.made(f"{path}/plans", plan))["id"]
        shop = Shop(self, creator, UUID(project), plan_id, link.partition("owner_")[2])
        if linked is not None:
            await shop.link_chat(linked)
        return shop


@dataclass
class Shop:
    """A creator's project that is ready for generation."""

    codes: Codes
    creator: Creator
    project_id: UUID
    plan_id: str
    link_token: str

    @property
    def path(self) -> str:
        """The project below /v1."""
        return f"/projects/{self.project_id}"

    def wish(self, quantity: object = 3, **changes: object) -> Json:
        """The body of a request for codes."""
        return {"plan_id": self.plan_id, "quantity": quantity, "consent": True, **changes}

    async def order(self, quantity: int = 3, **changes: object) -> BatchRef:
        """A batch that is queued."""
        batch = await self.creator.made(f"{self.path}/batches", self.wish(quantity, **changes))
        return BatchRef(account_id=self.creator.account_id, batch_id=UUID(batch["id"]))

    async def ready(self, quantity: int = 3, **changes: object) -> BatchRef:
        """A batch that is generated and billed."""
        batch = await self.order(quantity, **changes)
        await self.codes.internal.generate(batch)
        await self.codes.internal.mark_billed(batch)
        return batch

    async def claimed(self, quantity: int = 3, **changes: object) -> tuple[BatchRef, DeliveryClaim]:
        """A batch whose delivery has begun."""
        batch = await self.ready(quantity, **changes)
        return batch, await self.codes.internal.claim_delivery(batch)

    async def look(self, batch: BatchRef) -> Json:
        """The batch as its creator sees it."""
        return await self.creator.get(f"{self.path}/batches/{batch.batch_id}")

    async def link_chat(self, chat_id: int) -> int:
        """Open the owner link in a chat; how many batches waited for it."""
        link = LinkOwnerChat(link_token=self.link_token, chat_id=chat_id)
        linked = await self.codes.internal.link_owner_chat(self.creator.account_id, self.project_id, link)
        return linked.waiting_batches


@contextlib.asynccontextmanager
async def codes_running(database_url: str, redis_url: str, clock: MovableClock, **changes: Any) -> AsyncIterator[Codes]:
    """codes-api while the block lasts; `changes` go into its settings."""
    billing, gateway = BillingStandIn(), GatewayStandIn()
    neighbours = FastAPI()  # one server for both: starting and stopping one takes a while
    neighbours.include_router(billing.router())
    neighbours.include_router(gateway.router())
    install_problem_handlers(neighbours)
    async with served(neighbours) as neighbours_url:
        settings = Settings(
            **{
                "sandbox": True,
                "sandbox_clock_file": clock.path,
                "codes_database_url": database_url,
                "redis_url": redis_url,
                "billing_api_url": neighbours_url,
                "bot_gateway_url": neighbours_url,
                "rate_limit_per_minute": 100_000,
                **changes,
            }
        )
        app = create_app(settings)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            CodesClient("codes-api", "http://codes", settings.service_token, transport=transport, retry=False) as internal,
        ):
            yield Codes(app, billing, gateway, clock, internal)


def _good(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    answer: Json = response.json()
    return answer
