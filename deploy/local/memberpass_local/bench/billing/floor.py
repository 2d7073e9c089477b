"""The floor of a turn: the rows that it left behind, written again by bare INSERTs, in as many transactions, over as many
connections."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import asyncpg
from billing_api.due.run import LANES

TURN: Final = ("invoices", "invoice_lines", "payment_attempts", "quota_cycles")
CHARGE: Final = ("sandbox_charges",)
_KEYS: Final = {
    "invoices": "number = 2",
    "invoice_lines": "true",
    "payment_attempts": "true",
    "quota_cycles": "used = 0 AND starts_at >= $1",
    "sandbox_charges": "true",
}
Written = list[tuple[str, asyncpg.Record]]


async def bare_inserts(database_url: str, turns_from: Any) -> float:
    """Invoices a second."""
    async with asyncpg.create_pool(database_url, min_size=LANES, max_size=LANES) as pool:
        written = await _written(pool, turns_from)
        waiting = iter(written)
        began = time.perf_counter()
        await asyncio.gather(*(_lane(pool, waiting) for _ in range(LANES)))
        return len(written) / (time.perf_counter() - began)


async def _written(pool: asyncpg.Pool, turns_from: Any) -> list[tuple[Written, Written]]:
    """What each turn wrote, and what its charge did. The tables for it are empty copies with all indexes."""
    await pool.execute("CREATE SCHEMA bench")
    rows: dict[str, list[asyncpg.Record]] = {}
    for table in (*TURN, *CHARGE):
        await pool.execute(f"CREATE TABLE bench.{table} (LIKE public.{table} INCLUDING ALL)")
        where = _KEYS[table]
        given = [turns_from] if "$1" in where else []
        order = "account_id" if table in TURN else "split_part(idempotency_key, ':', 1)"
        rows[table] = await pool.fetch(f"SELECT * FROM public.{table} WHERE {where} ORDER BY {order}", *given)  # noqa: S608 - a constant
    turns = [list(zip(TURN, each, strict=True)) for each in zip(*(rows[table] for table in TURN), strict=True)]
    charges = [list(zip(CHARGE, each, strict=True)) for each in zip(*(rows[table] for table in CHARGE), strict=True)]
    return list(zip(turns, charges, strict=True))


async def _lane(pool: asyncpg.Pool, waiting: Iterator[tuple[Written, Written]]) -> None:
    async with pool.acquire() as connection:
        for pair in waiting:
            for transaction in pair:
                await _write(connection, transaction)


async def _write(connection: Any, rows: Sequence[tuple[str, asyncpg.Record]]) -> None:
    async with connection.transaction():
        for table, row in rows:
            places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
            await connection.execute(f"INSERT INTO bench.{table} VALUES ({places})", *row.values())  # noqa: S608 - a constant
