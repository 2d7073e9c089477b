"""1,000 codes, from the request until the batch is ready, beside a bare COPY of as many rows into a table like it."""

import asyncio
import time
from statistics import median
from uuid import UUID

import asyncpg

from memberpass_local.bench.creator import Creator
from memberpass_local.bench.floor_table import copy_same_rows, make_floor_table
from memberpass_local.bench.plan import BATCH
from memberpass_local.bench.work import Work, spread
from memberpass_local.demo.checks import StoryError, must_equal

AIM_MS = 100
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.001


async def measure_generation(creator: Creator, database: asyncpg.Connection, runs: int) -> Work:
    """Alternate between a batch and a COPY. The first of each is not counted.

    Raises:
        StoryError: a batch did not get exactly its codes.
    """
    await make_floor_table(database)
    accepted, ready, copied = [], [], []
    for run in range(runs + 1):
        batch_id, accepted_ms, ready_ms = await _one_batch(creator, database)
        where = "account_id = $1 AND project_id = $2 AND batch_id = $3"
        copy_ms = await copy_same_rows(database, where, *creator.place, batch_id, rows=BATCH) * 1000
        if run > 0:
            accepted.append(accepted_ms)
            ready.append(ready_ms)
            copied.append(copy_ms)
    return Work(
        name=f"{BATCH:,} codes, from the request until they are ready",
        floor="COPY of the same rows",
        ours=f"{median(ready):.0f} ms",
        bare=f"{median(copied):.0f} ms",
        ratio=median(ready) / median(copied),
        aim=f"median under {AIM_MS} ms",
        reached=median(ready) < AIM_MS,
        figures={"batches": runs, "ready_ms": spread(ready), "answered_ms": spread(accepted), "copy_ms": spread(copied)},
    )


async def _one_batch(creator: Creator, database: asyncpg.Connection) -> tuple[UUID, float, float]:
    """The batch, and how many milliseconds after the request it was accepted, and seen to be ready by its creator.

    The bench looks into the database and asks the API only when there is something to see: a creator who asks without a
    pause keeps the very processes busy whose speed is measured.
    """
    body = creator.batch_request(BATCH)
    began = time.perf_counter()
    batch = await creator.codes.call("POST", f"{creator.path}/batches", body)
    accepted = time.perf_counter()
    batch_id = UUID(batch["id"])
    status = "SELECT status FROM batches WHERE account_id = $1 AND project_id = $2 AND id = $3"
    while await database.fetchval(status, *creator.place, batch_id) not in {"ready", "failed"}:
        if time.perf_counter() - accepted > PATIENCE_S:
            raise StoryError(f"a batch was not ready after {PATIENCE_S:.0f} s")
        await asyncio.sleep(LOOK_EVERY_S)
    batch = await creator.codes.call("GET", f"{creator.path}/batches/{batch_id}")
    seen = time.perf_counter()
    must_equal("the batch", (batch["status"], batch["generated"]), ("ready", BATCH))
    return batch_id, (accepted - began) * 1000, (seen - began) * 1000
