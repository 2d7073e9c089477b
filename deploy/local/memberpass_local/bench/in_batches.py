"""Many batches asked for one after the other over the API, until all are ready, beside one COPY of the same rows."""

import asyncio
import time
from collections.abc import Iterator

import asyncpg

from memberpass_local.bench.creator import Creator
from memberpass_local.bench.floor_table import copy_same_rows, make_floor_table
from memberpass_local.bench.plan import BATCH
from memberpass_local.bench.work import Work, per_second
from memberpass_local.demo.checks import eventually, must_equal

AIM = 0.3
CLIENTS = 6
"""Requests under way at the same time."""
PATIENCE_S = 600.0
_MINE = "account_id = $1 AND project_id = $2"


async def measure_in_batches(creator: Creator, database: asyncpg.Connection, batches: int) -> Work:
    """Have the batches generated in a project of their own, then COPY their codes into an empty table.

    Raises:
        StoryError: a batch did not get exactly its codes, or a code is not the only one of its kind.
    """
    began = time.perf_counter()
    left = iter(range(batches))
    await asyncio.gather(*(_ask(creator, left) for _ in range(CLIENTS)))
    accepted_s = time.perf_counter() - began

    async def all_ready() -> bool | None:
        waiting = f"SELECT count(*) FROM batches WHERE {_MINE} AND status <> 'ready'"  # noqa: S608
        return await database.fetchval(waiting, *creator.place) == 0 or None

    await eventually("all batches are ready", all_ready, patience=PATIENCE_S)
    ready_s = time.perf_counter() - began
    codes = batches * BATCH
    counts = f"SELECT count(*), count(DISTINCT code), count(DISTINCT batch_id) FROM access_codes WHERE {_MINE}"  # noqa: S608
    found = [tuple(row) for row in await database.fetch(counts, *creator.place)]
    must_equal("codes, different codes, batches", found, [(codes, codes, batches)])
    await make_floor_table(database)
    copy_s = await copy_same_rows(database, _MINE, *creator.place, rows=codes)
    await make_floor_table(database)  # a million rows that nobody needs any more
    return Work(
        name=f"{codes:,} codes in batches of {BATCH:,}",
        floor="COPY of the same rows in one go",
        ours=per_second(codes / ready_s, "codes"),
        bare=per_second(codes / copy_s, "codes"),
        ratio=copy_s / ready_s,
        aim=f"{AIM} of its rate",
        reached=copy_s / ready_s >= AIM,
        figures={
            "clients": CLIENTS,
            "all_accepted_s": round(accepted_s, 2),
            "all_ready_s": round(ready_s, 2),
            "copy_s": round(copy_s, 2),
        },
    )


async def _ask(creator: Creator, left: Iterator[int]) -> None:
    for _ in left:
        await creator.codes.call("POST", f"{creator.path}/batches", creator.batch_request(BATCH))
