"""Due work goes on for several accounts at once, and for one account one by one in order of time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from billing_api.due import run
from billing_api.due.next import DueItem
from billing_api.payments.processor import AttachedMethod, ChargeResult
from billing_api.payments.sandbox import SandboxProcessor
from shared.db import Database
from shared.money import Money
from shared.settings import sqlalchemy_url

from tests.billing_api.running import Billing, billing_running
from tests.support.clock import MovableClock

TOGETHER = 3


class Waiting:
    """The sandbox processor, which answers when so many charges have come together."""

    def __init__(self, inner: SandboxProcessor) -> None:
        self.inner = inner
        self.barrier: asyncio.Barrier | None = None
        self.asked = 0

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:
        return await self.inner.attach(token, account_id=account_id)

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:
        self.asked += 1
        return await self.inner.find(key=key, method_reference=method_reference)

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        if self.barrier is not None:
            async with asyncio.timeout(30):
                await self.barrier.wait()
        return await self.inner.charge(key=key, method_reference=method_reference, amount=amount)


@pytest.fixture
async def waiting(billing_database_url: str, redis_url: str, clock: MovableClock) -> AsyncIterator[tuple[Waiting, Billing]]:
    database = Database(sqlalchemy_url(billing_database_url), application_name="processor")
    processor = Waiting(SandboxProcessor(database, clock))
    async with billing_running(billing_database_url, redis_url, clock, processor=processor) as billing:
        yield processor, billing
    await database.close()


async def test_one_account_does_not_wait_for_the_charge_of_another(waiting: tuple[Waiting, Billing]) -> None:
    processor, billing = waiting
    creators = [await billing.subscribed("starter_monthly") for _ in range(TOGETHER)]
    billing.clock.advance(days=32)
    processor.barrier = asyncio.Barrier(TOGETHER)
    await billing.run_due()
    assert [(await creator.invoices())[-1]["status"] for creator in creators] == ["paid"] * TOGETHER
    assert processor.asked == 0, "nobody asked before, so that there was nothing to ask about"
    await billing.check_audit()


async def test_of_one_account_everything_is_done_in_order_of_time(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Months late: reservations that lapse, retries, steps of standing and turns of the cycle of two accounts."""
    for _ in range(2):
        creator = await billing.subscribed("starter_monthly", "pm_card_declineAfterFirst")
        billing.clock.advance(days=32)
        await billing.run_due()
        for _ in range(3):
            await creator.reserve(1)
            billing.clock.advance(timedelta(hours=20))
    done: list[tuple[DueItem, str]] = []
    do = run._do

    async def watched(database: Database, processor: SandboxProcessor, item: DueItem, **how: object) -> bool:
        done.append((item, "begun"))
        try:
            return await do(database, processor, item, **how)  # type: ignore[arg-type] # passed on as it came
        finally:
            done.append((item, "ended"))

    monkeypatch.setattr(run, "_do", watched)
    billing.clock.advance(days=70)
    await billing.internal.run_due()
    accounts = {item.account_id for item, _ in done}
    assert len(accounts) == 2
    for account in accounts:
        mine = [(item, what) for item, what in done if item.account_id == account]
        assert [what for _, what in mine] == ["begun", "ended"] * (len(mine) // 2), "one at a time"
        places = [item.place for item, what in mine if what == "begun"]
        assert places == sorted(places)
        assert len(mine) >= 4
    assert len({item.kind for item, _ in done}) >= 3
    monkeypatch.setattr(run, "_do", do)
    await billing.run_due()
    await billing.check_audit()
