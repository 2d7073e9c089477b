"""Codes that expire by the million: the sweep, with members redeeming meanwhile, beside a bare DELETE of as many rows."""

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg
from redis.asyncio import Redis
from shared.clock import SandboxClock

from memberpass_local.bench.creator import Creator
from memberpass_local.bench.fill import Filled
from memberpass_local.bench.plan import Plan
from memberpass_local.bench.redemption import check_redeemed, take_tickets, until_events_are_handled
from memberpass_local.bench.target import Target
from memberpass_local.bench.work import Work, per_second
from memberpass_local.demo.checks import eventually, must, must_equal

AIM = 0.4
REDEMPTION_AIM = 0.7
PATIENCE_S = 900.0
LOOK_EVERY_S = 0.01
_BARE_DELETE = """
DELETE FROM access_codes c USING batches b
WHERE b.expires_at <= $1 AND b.swept_at IS NULL
  AND c.account_id = b.account_id AND c.project_id = b.project_id AND c.batch_id = b.id
  AND c.redeemed_at IS NULL AND c.revoked_at IS NULL
RETURNING c.account_id, c.project_id, c.batch_id, c.position, c.code, c.plan_id, c.expires_at
"""
_DELETED_BY_HAND = (
    "UPDATE batches SET swept_at = expires_at, forgotten_at = expires_at WHERE expires_at <= $1 AND swept_at IS NULL"
)
"""These batches are done with: the sweep shall have its own to do and no others."""
_TOMBSTONES = """
SELECT count(*) FROM access_codes c
JOIN batches b ON b.account_id = c.account_id AND b.project_id = c.project_id AND b.id = c.batch_id
WHERE b.account_id = $1 AND b.project_id = $2 AND b.expires_at = $3 AND b.swept_at IS NOT NULL
  AND c.redeemed_at IS NULL AND c.revoked_at IS NULL
"""
_UNSWEPT = "SELECT EXISTS (SELECT FROM batches WHERE expires_at <= $1 AND swept_at IS NULL AND status = 'ready')"


async def measure_sweep(
    filled: Filled,
    shop: Creator,
    database: asyncpg.Connection,
    redis: Redis,
    clock: SandboxClock,
    plan: Plan,
    target: Target,
) -> Work:
    """Delete the first lot by hand. Then let the clock pass the second lot's expiry: the cron finds it, and sweeps.

    Args:
        filled: whose codes expire.
        shop: the project whose codes are redeemed meanwhile.

    Raises:
        StoryError: a code of the lot is no tombstone, or a redemption went wrong.
    """
    first, second = filled.due_at
    await database.execute("CHECKPOINT")
    bare_s = await _bare_delete(database, first, plan.expired)
    tickets = await take_tickets(shop, database, plan.redemptions + plan.beside)
    alone = await target.redeem(tickets[: plan.redemptions])
    await until_events_are_handled(database, redis)
    stop = asyncio.Event()
    redeeming = asyncio.create_task(target.redeem(tickets[plan.redemptions :], until=stop))
    await _begun(database, shop, tickets[plan.redemptions][0])
    # The sweep begins as the DELETE did, and does not write out what that one has left.
    await database.execute("CHECKPOINT")
    clock.move_to(second + timedelta(seconds=1))
    began, done, ended = await _watch(database, filled.creator, second)
    stop.set()
    beside = await redeeming
    buried = await _tombstones(database, filled.creator, second)
    must_equal("tombstones of the codes that expired", buried, plan.expired)
    await until_events_are_handled(database, redis)
    await check_redeemed(shop, database, tickets[: plan.redemptions + len(beside.answered_at)])
    kept = beside.per_second(began, min(ended, beside.answered_at[-1])) / (sum(alone.statuses.values()) / alone.seconds)
    must(done < plan.expired, "the sweep was seen at it before it was done")
    swept, bare = (plan.expired - done) / (ended - began), plan.expired / bare_s
    return Work(
        name=f"sweep of {plan.expired:,} expired among {filled.codes:,}, members redeeming meanwhile",
        floor="DELETE .. RETURNING of as many rows",
        ours=f"{per_second(swept, 'codes')}; redemptions keep {kept:.2f} of their rate",
        bare=per_second(bare, "codes"),
        ratio=swept / bare,
        aim=f"{AIM} of its rate, redemptions keep {REDEMPTION_AIM}",
        reached=swept / bare >= AIM and kept >= REDEMPTION_AIM,
        figures={
            "swept_s": round(plan.expired / swept, 2),
            "bare_s": round(bare_s, 2),
            "redemptions_alone_per_second": round(sum(alone.statuses.values()) / alone.seconds),
            "redemptions_keep": round(kept, 3),
            "redemptions_p99_ms": {"alone": round(alone.p99_ms, 1), "meanwhile": round(beside.p99_ms, 1)},
            "redeemed_until_the_end": beside.answered_at[-1] >= ended,
        },
    )


async def _begun(database: asyncpg.Connection, shop: Creator, code: str) -> None:
    async def redeemed() -> bool | None:
        query = "SELECT redeemed_at IS NOT NULL FROM access_codes WHERE account_id = $1 AND project_id = $2 AND code = $3"
        return await database.fetchval(query, *shop.place, code) or None

    await eventually("members redeem", redeemed, every=LOOK_EVERY_S)


async def _bare_delete(database: asyncpg.Connection, due: datetime, expired: int) -> float:
    """In one statement and batch by batch, which is the fastest way to these rows that there is."""
    async with database.transaction():
        await database.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
        )
        began = time.perf_counter()
        gone = await database.fetch(_BARE_DELETE, due)
    seconds = time.perf_counter() - began
    must_equal("rows of the bare DELETE", len(gone), expired)
    await database.execute(_DELETED_BY_HAND, due)
    return seconds


async def _watch(database: asyncpg.Connection, creator: Creator, due: datetime) -> tuple[float, int, float]:
    """When the sweep was first seen at it and how far it was by then, and when nothing was left (seconds since the epoch).

    What it does before it is seen, and the seconds until the cron comes by, count neither way.
    """

    async def seen() -> bool | None:
        return await database.fetchval("SELECT EXISTS (SELECT FROM batches WHERE swept_at >= $1)", due) or None

    async def nothing_left() -> bool | None:
        return not await database.fetchval(_UNSWEPT, due) or None

    await eventually("the sweep begins", seen, patience=PATIENCE_S, every=LOOK_EVERY_S)
    began, done = time.time(), await _tombstones(database, creator, due)
    await eventually("the sweep ends", nothing_left, patience=PATIENCE_S, every=LOOK_EVERY_S)
    return began, done, time.time()


async def _tombstones(database: asyncpg.Connection, creator: Creator, due: datetime) -> int:
    count: int = await database.fetchval(_TOMBSTONES, *creator.place, due)
    return count
