"""A running billing-api under one clock and one bank, for one life after another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_api.payments.sandbox import SandboxProcessor
from billing_api.schema import metadata
from shared.db import Database
from shared.settings import sqlalchemy_url

from tests.billing_api.months.bank import Bank, StillClock
from tests.billing_api.months.books import Books, read_books
from tests.billing_api.months.model import FREE, TICK, Plan, Quota, Running
from tests.billing_api.running import Billing, Creator, Json, billing_running

KEPT = {"plans", "exchange_rates"}
MANY_STEPS = 5_000


@dataclass
class Life:
    """One account and what must be true of it."""

    creator: Creator
    plans: dict[str, Plan]
    running: Running
    standing: str = "active"
    subscribing: bool = False
    overdue_since: datetime | None = None
    settled: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    owed_fees: int = 0
    credited: int = 0
    quota: Quota = field(default_factory=Quota)
    rates: list[tuple[datetime, Plan]] = field(default_factory=list)
    seen: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def beginning(cls, creator: Creator, plans: dict[str, Plan], now: datetime) -> "Life":
        return cls(creator, dict(plans), Running.beginning(FREE, now), rates=[(now, FREE)])

    def goes_on(self, running: Running, at: datetime) -> None:
        """Another period, perhaps of another plan."""
        if running.plan is not self.running.plan:
            self.rates = [rate for rate in self.rates if rate[0] != at] + [(at, running.plan)]
        self.running = running

    def rate_at(self, at: datetime) -> Plan:
        past = [rate for rate in self.rates if rate[0] <= at]
        return max(past, key=lambda rate: rate[0])[1]


@dataclass
class World:
    """`behind`: the clock was moved without due work, as if jobs were down."""

    billing: Billing
    bank: Bank
    clock: StillClock
    behind: bool = False
    ever_behind: bool = False

    async def begin(self, at: datetime) -> None:
        """Nobody is here yet."""
        self.behind = self.ever_behind = False
        self.billing.codes.projects = 0
        self.clock.begin(at)
        self.bank.forget()
        tables = ", ".join(table.name for table in metadata.sorted_tables if table.name not in KEPT)
        await self.billing.rows(f"TRUNCATE {tables}")
        await self.billing.rows("DELETE FROM plans WHERE account_id <> '00000000-0000-0000-0000-000000000000'")

    async def read(self, life: Life) -> Books:
        return await read_books(life.creator)

    async def jump(self, to: datetime) -> None:
        """Through every due moment, in order of time, as jobs does it."""
        for _ in range(MANY_STEPS):
            due = (await self.billing.internal.next_due()).next_due_at
            if due is None or due > to:
                self.clock.move_to(to)
                self.behind = False
                return
            if due > self.clock.now():
                self.clock.move_to(due)
            await self.run_due()
        raise AssertionError("due work never ends")

    async def tick(self) -> None:
        """The least time there is."""
        if self.behind:
            self.clock.advance(TICK)
        else:
            await self.jump(self.clock.now() + TICK)

    async def run_due(self) -> None:
        """All that is due now. Work that is due and can't be done would be asked for again and again."""
        for _ in range(MANY_STEPS):
            run = await self.billing.internal.run_due()
            if run.next_due_at is None or run.next_due_at > self.clock.now():
                self.behind = False
                return
        raise AssertionError("due work never ends")

    async def audit(self) -> None:
        await self.billing.check_audit()


@asynccontextmanager
async def world_running(database_url: str, redis_url: str, clock: StillClock) -> AsyncIterator[World]:
    """One service for many lives: a database of its own would cost each of them more than the life itself."""
    database = Database(sqlalchemy_url(database_url), application_name="bank")
    bank = Bank(SandboxProcessor(database, clock))
    async with billing_running(database_url, redis_url, clock, processor=bank, rate_limit_per_minute=10**6) as billing:
        state = billing.app.state.billing
        billing.app.state.billing = replace(state, clock=clock)
        yield World(billing, bank, clock)
    await database.close()
