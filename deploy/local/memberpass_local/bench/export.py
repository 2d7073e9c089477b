"""A project's codes as CSV, streamed over HTTP, beside COPY of the same rows to a client that throws them away."""

import asyncio
import time
from statistics import median
from typing import Any

import asyncpg
import httpx
import psutil

from memberpass_local.bench.creator import Creator
from memberpass_local.bench.work import Work, per_second
from memberpass_local.demo.checks import must, must_equal

AIM = 0.25
MEMORY_AIM_MB = 64
RUNS = 3
LOOK_EVERY_S = 0.02
_MB = 1024 * 1024


async def measure_export(
    creator: Creator, http: httpx.AsyncClient, codes_api: str, database: asyncpg.Connection, server: psutil.Process
) -> Work:
    """Alternate between COPY and the export of the whole project; watch the memory of `server` meanwhile.

    Raises:
        StoryError: the CSV does not hold each code once.
    """
    mine = "account_id = $1 AND project_id = $2"
    codes = await database.fetch(f"SELECT code FROM access_codes WHERE {mine}", *creator.place)  # noqa: S608
    expected = {row["code"] for row in codes}
    await _export(creator, http, codes_api, lines_at_most=1)
    idle = server.memory_info().rss
    peak, export_s, copy_s = idle, [], []
    for _ in range(RUNS):
        copy_s.append(await _copy(creator, database, mine))
        watching = asyncio.create_task(_peak(server))
        seconds, seen, count = await _export(creator, http, codes_api)
        watching.cancel()
        peak = max(peak, *await asyncio.gather(watching))
        must_equal("lines of the CSV", count, len(expected))
        must(seen == expected, "the CSV holds each code of the project once")
        export_s.append(seconds)
    ours, bare = len(expected) / median(export_s), len(expected) / median(copy_s)
    grown = (peak - idle) / _MB
    return Work(
        name=f"streamed CSV of {len(expected):,} rows",
        floor="COPY TO STDOUT of the same rows",
        ours=f"{per_second(ours, 'rows')}, {grown:.0f} MB above idle",
        bare=per_second(bare, "rows"),
        ratio=ours / bare,
        aim=f"{AIM} of its rate, under {MEMORY_AIM_MB} MB above idle",
        reached=ours / bare >= AIM and grown < MEMORY_AIM_MB,
        figures={
            "export_s": [round(one, 2) for one in export_s],
            "copy_s": [round(one, 2) for one in copy_s],
            "idle_mb": round(idle / _MB, 1),
            "peak_mb": round(peak / _MB, 1),
        },
    )


async def _copy(creator: Creator, database: asyncpg.Connection, mine: str) -> float:
    async def throw_away(_: bytes) -> None:
        pass

    began = time.perf_counter()
    query = f"SELECT * FROM access_codes WHERE {mine}"  # noqa: S608
    await database.copy_from_query(query, *creator.place, output=throw_away, format="csv")
    return time.perf_counter() - began


async def _export(
    creator: Creator, http: httpx.AsyncClient, codes_api: str, *, lines_at_most: int | None = None
) -> tuple[float, set[str], int]:
    """The seconds until the last byte, the codes, and how many lines there were. Bytes are only kept while time is taken."""
    pieces: list[bytes] = []
    headers: dict[str, Any] = {"Authorization": f"Bearer {creator.key}", "Accept-Encoding": "identity"}
    began = time.perf_counter()
    async with http.stream("GET", f"{codes_api}{creator.path}/codes.csv", headers=headers) as answer:
        must_equal("the export", answer.status_code, 200)
        async for piece in answer.aiter_raw():
            pieces.append(piece)
            if lines_at_most is not None:
                break
    seconds = time.perf_counter() - began
    lines = b"".join(pieces).decode().split("\r\n")[1:-1]
    return seconds, {line.partition(",")[0].replace("-", "") for line in lines}, len(lines)


async def _peak(server: psutil.Process) -> int:
    """The most memory that the process was seen to hold until this is cancelled."""
    peak = 0
    try:
        while True:
            peak = max(peak, server.memory_info().rss)
            await asyncio.sleep(LOOK_EVERY_S)
    except asyncio.CancelledError:
        return peak
