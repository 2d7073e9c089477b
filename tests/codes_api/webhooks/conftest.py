"""A creator with a server of their own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from codes_api.base import outbox
from shared.contracts.events import Event
from shared.contracts.redemptions import TypedCode
from sqlalchemy import select, text

from tests.support.codes_api import Codes, Shop
from tests.support.webhook_receiver import Received, Receiver, receiving

Json = dict[str, Any]


@dataclass
class Hooks:
    """What a creator, jobs and the clock do in these tests."""

    codes: Codes
    shop: Shop
    receiver: Receiver
    handed_over: set[UUID] = field(default_factory=set)

    @property
    def path(self) -> str:
        """The webhooks of the project, below /v1."""
        return f"{self.shop.path}/webhooks"

    async def add(self, path: str = "/hook", **changes: object) -> Json:
        """A webhook that leads to a path of the creator's server; with its secret."""
        return await self.shop.creator.made(self.path, {"url": f"{self.receiver.url}{path}", **changes})

    async def look(self, hook: Json) -> Json:
        """The webhook as its creator sees it."""
        return await self.shop.creator.get(f"{self.path}/{hook['id']}")

    async def log(self, hook: Json, **filters: Any) -> list[Json]:
        """Its deliveries, newest first."""
        page = await self.shop.creator.get(f"{self.path}/{hook['id']}/deliveries", **filters)
        deliveries: list[Json] = page["data"]
        return deliveries

    async def events(self) -> list[Event]:
        """Everything that was staged, in order."""
        async with self.codes.state.database.transaction() as session:
            rows = (await session.execute(select(outbox).order_by(outbox.c.id))).mappings().all()
        return [Event(**{name: row[name] for name in Event.model_fields}) for row in rows]

    async def hand_over(self) -> None:
        """What jobs does with new events."""
        for event in await self.events():
            if event.id not in self.handed_over:
                self.handed_over.add(event.id)
                await self.codes.internal.fan_out_webhooks(event)

    async def send(self) -> int:
        """What jobs does every few seconds, until nothing is due; how often."""
        rounds = 0
        async with asyncio.timeout(20):
            while (await self.codes.internal.run_due()).done:
                rounds += 1
        return rounds

    async def tell(self) -> None:
        """Hand over, and send."""
        await self.hand_over()
        await self.send()

    async def codes_of(self, quantity: int = 1, **changes: object) -> list[str]:
        """Codes of a new batch."""
        batch = await self.shop.ready(quantity, **changes)
        rows = await self.rows("SELECT code FROM access_codes WHERE batch_id = :batch ORDER BY position", batch=batch.batch_id)
        return [row[0] for row in rows]

    async def redeem(self, code: str, telegram_id: int = 700) -> UUID:
        """A member redeems; the membership."""
        typed = TypedCode(text=code, telegram_id=telegram_id)
        given = await self.codes.internal.redeem(self.shop.creator.account_id, self.shop.project_id, typed)
        return given.membership.id

    async def test(self, hook: Json) -> Json:
        """Have a test sent."""
        return await self.shop.creator.made(f"{self.path}/{hook['id']}/test", None)

    async def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Look (or meddle) with plain SQL."""
        async with self.codes.state.database.transaction() as session:
            result = await (await session.connection()).execute(text(sql), parameters)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def arrived(self, number: int) -> list[Received]:
        """Once that many messages have come."""
        async with asyncio.timeout(30):
            while len(self.receiver.received) < number:  # the server has no event for it
                await asyncio.sleep(0.005)
        return self.receiver.received


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The creator's server."""
    async with receiving() as running:
        yield running


@pytest.fixture
async def hooks(codes: Codes, shop: Shop, receiver: Receiver) -> Hooks:
    """A creator with a project and a server."""
    return Hooks(codes, shop, receiver)
