"""1,000 codes, from the 202 until the batch is ready, beside a bare COPY of as many rows into a table like it."""

import time
from dataclasses import dataclass
from statistics import median
from uuid import UUID, uuid4

import asyncpg

from memberpass_local.bench.creator import Creator
from memberpass_local.bench.plan import BATCH
from memberpass_local.demo.checks import StoryError, must, must_equal

PATIENCE_S = 30.0
SCHEMA = "bench"
_COLUMNS = ("account_id", "project_id", "batch_id", "position", "code", "plan_id", "expires_at")


@dataclass(frozen=True)
class Generation:
    """Milliseconds, one figure a run."""

    ready_ms: list[float]
    accepted_ms: list[float]
    copy_ms: list[float]

    @property
    def ratio(self) -> float:
        """How many times the floor the whole way takes."""
        return median(self.ready_ms) / median(self.copy_ms)


async def measure_generation(creator: Creator, database: asyncpg.Connection, runs: int) -> Generation:
    """Alternate between a batch and a COPY. The first of each is not counted.

    Raises:
        StoryError: a batch did not get exactly its codes.
    """
    await _make_floor_table(database)
    accepted, ready, copied = [], [], []
    for run in range(runs + 1):
        batch_id, accepted_ms, ready_ms = await _one_batch(creator)
        copy_ms = await _one_copy(database, creator, batch_id)
        if run > 0:
            accepted.append(accepted_ms)
            ready.append(ready_ms)
            copied.append(copy_ms)
    return Generation(ready, accepted, copied)


async def _one_batch(creator: Creator) -> tuple[UUID, float, float]:
    body = await creator.batch_request(BATCH)
    began = time.perf_counter()
    batch = await creator.codes.call("POST", f"{creator.path}/batches", body)
    accepted = time.perf_counter()
    path = f"{creator.path}/batches/{batch['id']}"
    while batch["status"] != "ready":
        must(batch["status"] != "failed", "a batch failed")
        if time.perf_counter() - accepted > PATIENCE_S:
            raise StoryError(f"a batch was not ready after {PATIENCE_S:.0f} s")
        batch = await creator.codes.call("GET", path)
    seen = time.perf_counter()
    must_equal("codes generated", batch["generated"], BATCH)
    return UUID(batch["id"]), (accepted - began) * 1000, (seen - accepted) * 1000


async def _make_floor_table(database: asyncpg.Connection) -> None:
    await database.execute(f"CREATE SCHEMA {SCHEMA}")
    await database.execute(f"CREATE TABLE {SCHEMA}.access_codes (LIKE public.access_codes INCLUDING ALL)")


async def _one_copy(database: asyncpg.Connection, creator: Creator, like: UUID) -> float:
    """The very rows of the batch, under another batch's id and with every code turned round, in one COPY."""
    rows = await database.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM public.access_codes WHERE account_id = $1 AND project_id = $2 AND batch_id = $3",  # noqa: S608
        creator.account_id,
        creator.project_id,
        like,
    )
    must_equal("codes in the database", len(rows), BATCH)
    other = uuid4()
    records = [(row[0], row[1], other, row[3], row[4][::-1], row[5], row[6]) for row in rows]
    began = time.perf_counter()
    await database.copy_records_to_table("access_codes", schema_name=SCHEMA, records=records, columns=_COLUMNS)
    return (time.perf_counter() - began) * 1000
