"""A project with years behind it, written directly: batches of 1,000 in several plans (one of them rare), with all kinds of
expiry, codes that were redeemed, revoked, or expired and swept. The same mixture at any size."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from memberpass_local.bench import fill_sql
from memberpass_local.bench.creator import Creator
from memberpass_local.bench.plan import BATCH

BATCHES_AT_ONCE = 250
_PLANS = {"yearly": ("Yearly", "year", 9900), "weekly": ("Weekly", "week", 300), "rare": ("Founders", "lifetime", 49900)}


@dataclass(frozen=True)
class Filled:
    """A project, and what there is in it to be found.

    Args:
        creator: whose it is.
        plans: by the names that `fill_sql` uses for them.
        codes: how many there are, tombstones of expired ones among them.
        due_at: when two lots of codes expire; nothing else of the project does until the second.
    """

    creator: Creator
    plans: dict[str, UUID]
    codes: int
    due_at: tuple[datetime, datetime]


async def fill_project(
    creator: Creator,
    database: asyncpg.Connection,
    *,
    codes: int,
    expiring: int,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> Filled:
    """Fill a project that is empty.

    Args:
        codes: how many there are in the end, redeemed, revoked and expired ones included, and those whose tombstones are
            forgotten.
        expiring: how many of them expire in each of the two lots.
        now: the sandbox clock's.
    """
    plans = {"monthly": creator.plan_id}
    for key, (name, unit, price) in _PLANS.items():
        interval = {"unit": unit, "count": 1}
        body = {"name": name, "price": {"amount": price, "currency": "USD"}, "interval": interval, "access_codes_only": True}
        plans[key] = UUID((await creator.codes.call("POST", f"{creator.path}/plans", body))["id"])
    first, second = now + fill_sql.FIRST_LOT, now + fill_sql.SECOND_LOT
    batches = codes // BATCH
    await database.execute(
        fill_sql.BATCHES, *creator.place, batches, now, first, second, expiring // BATCH, *(plans[key] for key in fill_sql.PLANS)
    )
    for begin in range(0, batches, BATCHES_AT_ONCE):
        tell(f"{begin * BATCH:,} of {codes:,} codes written")
        lot = (*creator.place, begin, begin + BATCHES_AT_ONCE)
        await database.execute(fill_sql.CODES, *lot)
        await database.execute(fill_sql.MEMBERSHIPS, *lot)
    kept = await database.fetchval("SELECT count(*) FROM access_codes WHERE account_id = $1 AND project_id = $2", *creator.place)
    return Filled(creator, plans, kept, (first, second))


@asynccontextmanager
async def without_secondary_indexes(database: asyncpg.Connection) -> AsyncIterator[None]:
    """Without the indexes that hold no constraint, which are made anew in the end, exactly as they were: entering ten
    million rows one by one into each takes several times as long."""
    found = await database.fetch(fill_sql.SECONDARY_INDEXES)
    for row in found:
        await database.execute(f"DROP INDEX {row['name']}")
    yield
    await database.execute("SET maintenance_work_mem = '512MB'")
    for row in found:
        await database.execute(row["definition"])
    await database.execute("VACUUM ANALYZE")
    await database.execute("CHECKPOINT")  # what is measured next shall not have to write out what was filled
