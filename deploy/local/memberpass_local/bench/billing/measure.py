"""Cycles that turn in the same hour: invoices a second, and what a tick costs when nothing is due and when something is."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from memberpass_local.bench.billing.accounts import TURNS, fill_accounts, past
from memberpass_local.bench.billing.floor import bare_inserts
from memberpass_local.bench.billing.plan import FEW, PLANS, TICKS
from memberpass_local.bench.billing.service import Billing, billing_running
from memberpass_local.bench.work import Work, per_second
from memberpass_local.demo.checks import must_equal
from memberpass_local.throwaway import throwaway_postgres, throwaway_redis

HOUR_S = 3600
MILLI = 1000
FLAT = 1.5
"""What counts as the same, on a machine that others use too."""


@dataclass(frozen=True)
class BillingFigures:
    """Args:
    accounts: how many there were.
    timed: how many of their cycles turned in one hour.
    invoices: a second: issued at the turn, charged, written down as paid.
    bare: a second: the same rows by bare INSERTs.
    idle_few, idle_all: milliseconds of a tick when nothing is due, with 1,000 accounts and with all.
    each_few, each_many: milliseconds an invoice when few turns are due at one look, and when many are.
    few, many: how many those were.
    """

    accounts: int
    timed: int
    invoices: float
    bare: float
    idle_few: float
    idle_all: float
    each_few: float
    each_many: float
    few: int
    many: int

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return {name: round(value, 3) for name, value in vars(self).items()}


async def measure_billing(
    size: str, *, postgres: str, redis: str, folder: Path, tell: Callable[[str], None] = lambda _: None
) -> BillingFigures:
    """Measure all of it, on a database of its own.

    Args:
        size: a key of `PLANS`.
        postgres: the URL of a database whose role may create others.
        redis: the URL of a Redis database.
        folder: for a clock's file and logs.
        tell: is told what is being done.

    Raises:
        StoryError: what was measured was not right.
    """
    plan = PLANS[size]
    async with billing_running(postgres, redis, folder) as billing:
        tell(f"{FEW:,} accounts, nothing due")
        billing.clock.move_to(TURNS)
        await fill_accounts(billing.database, accounts=FEW, group=3)
        idle_few = await _idle_tick(billing)
        tell(f"{plan.accounts:,} accounts, nothing due")
        for group, accounts in enumerate(plan.groups):
            if accounts:
                await fill_accounts(billing.database, accounts=accounts, group=group)
        idle_all = await _idle_tick(billing)
        tell(f"{plan.few:,} and {plan.many:,} turns due")
        await _turns(billing, 0, plan.few)  # warms up
        few = await _turns(billing, 1, plan.few)
        many = await _turns(billing, 2, plan.many)
        tell(f"{plan.timed:,} turns of one hour")
        seconds = await _turns(billing, 3, plan.timed)
        tell("the same rows by bare INSERTs")
        bare = await bare_inserts(billing.database_url, TURNS)
    return BillingFigures(
        accounts=plan.accounts,
        timed=plan.timed,
        invoices=plan.timed / seconds,
        bare=bare,
        idle_few=idle_few,
        idle_all=idle_all,
        each_few=few / plan.few * MILLI,
        each_many=many / plan.many * MILLI,
        few=plan.few,
        many=plan.many,
    )


async def measure_on_own_servers(size: str, *, tell: Callable[[str], None]) -> BillingFigures:
    """`measure_billing` on a PostgreSQL and a Redis that end with it.

    Raises:
        StackError: they can't run here.
        StoryError: what was measured was not right.
    """
    with tempfile.TemporaryDirectory(prefix="memberpass-bench-") as folder:
        async with throwaway_postgres() as postgres, throwaway_redis() as redis:
            place = {"postgres": postgres.url("postgres"), "redis": redis}
            return await measure_billing(size, **place, folder=Path(folder), tell=tell)


def works_of(figures: BillingFigures) -> Sequence[Work]:
    """The lines of the table."""
    within = figures.accounts / figures.invoices
    flat, steady = figures.idle_all / figures.idle_few, figures.each_many / figures.each_few
    numbers = figures.as_json()
    return (
        Work(
            name=f"{figures.timed:,} cycles turn in one hour, among {figures.accounts:,} accounts: issued, charged, paid",
            floor="bare INSERTs of the same rows, in the same transactions",
            ours=per_second(figures.invoices, "invoices"),
            bare=per_second(figures.bare, "invoices"),
            ratio=figures.invoices / figures.bare,
            aim=f"those of {figures.accounts:,} within the hour",
            reached=within <= HOUR_S,
            figures=numbers,
        ),
        Work(
            name=f"a tick with nothing due, {figures.accounts:,} accounts",
            floor=f"with {FEW:,} accounts",
            ours=f"{figures.idle_all:.1f} ms",
            bare=f"{figures.idle_few:.1f} ms",
            ratio=flat,
            aim="the same",
            reached=flat <= FLAT,
        ),
        Work(
            name=f"each invoice of {figures.many:,} that are due at once",
            floor=f"of {figures.few:,} that are",
            ours=f"{figures.each_many:.1f} ms",
            bare=f"{figures.each_few:.1f} ms",
            ratio=steady,
            aim="the same",
            reached=steady <= FLAT,
        ),
    )


async def _idle_tick(billing: Billing) -> float:
    """Milliseconds, the median."""
    took = []
    for _ in range(TICKS):
        began = time.perf_counter()
        run = await billing.client.run_due()
        took.append((time.perf_counter() - began) * MILLI)
        must_equal("what was due", run.done, 0)
    return median(took)


async def _turns(billing: Billing, group: int, accounts: int) -> float:
    """The seconds in which the turns of a group, which are all due, are done."""
    paid = "SELECT count(*) FROM invoices WHERE number = 2 AND status = 'paid'"
    before = await billing.database.fetchval(paid)
    billing.clock.move_to(past(group))
    began = time.perf_counter()
    while (await billing.client.run_due()).done:
        pass
    seconds = time.perf_counter() - began
    must_equal("paid invoices", await billing.database.fetchval(paid) - before, accounts)
    return seconds
