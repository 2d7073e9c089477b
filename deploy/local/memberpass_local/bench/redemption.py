"""Redemptions a second over HTTP, beside the bare handler: the same clients, the same machine, turn by turn."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import asyncpg
from redis.asyncio import Redis
from shared.contracts.events import QUEUE

from memberpass_local.bench.bare import TABLE
from memberpass_local.bench.creator import Creator
from memberpass_local.bench.floor_table import SCHEMA
from memberpass_local.bench.load import Result
from memberpass_local.bench.plan import CONNECTIONS, WARM_UP, Plan
from memberpass_local.bench.target import Target, Ticket
from memberpass_local.bench.work import Work, per_second, spread
from memberpass_local.demo.checks import eventually, must, must_equal

AIM = 0.6
EVENTS_PATIENCE_S = 120.0
_FIRST_MEMBER = 5_000_000_000


@dataclass(frozen=True)
class Round:
    """What the members saw, and how long the events of it took on top until all were handled (seconds)."""

    result: Result
    events_after_s: float

    @property
    def per_second(self) -> float:
        """Redemptions a second, as the members see them."""
        return sum(self.result.statuses.values()) / self.result.seconds


async def measure_redemption(
    creator: Creator, database: asyncpg.Connection, redis: Redis, plan: Plan, *, memberpass: Target, bare: Target
) -> Work:
    """Redeem each code once, by a member of its own, here and there in turn; then count what the database says.

    Raises:
        StoryError: a code was not redeemed, or not by the member who sent it, or more than once.
    """
    tickets = await take_tickets(creator, database, plan.codes_needed)
    await _fill_bare_table(database, [code for code, _ in tickets])
    rounds: dict[str, list[Round]] = {bare.url: [], memberpass.url: []}
    for begin in (0, *range(WARM_UP, plan.codes_needed, plan.redemptions)):
        share = tickets[begin : begin + (plan.redemptions if begin else WARM_UP)]
        for target in (bare, memberpass):
            result = await target.redeem(share)
            # What MemberPass still has to do for its round must not be done at the bare handler's cost.
            after = await until_events_are_handled(database, redis)
            if begin:
                rounds[target.url].append(Round(result, after))
    await check_redeemed(creator, database, tickets)
    redeemed = await database.fetch(f"SELECT code, redeemed_by FROM {TABLE} WHERE redeemed_at IS NOT NULL")  # noqa: S608
    must(sorted(map(tuple, redeemed)) == sorted(tickets), "the bare handler redeemed each code by the member who sent it")
    return compare(rounds[memberpass.url], rounds[bare.url])


def compare(ours: Sequence[Round], bare: Sequence[Round]) -> Work:
    """Medians of the rounds of the same run."""
    here, there = (median(one.per_second for one in rounds) for rounds in (ours, bare))
    return Work(
        name=f"redemptions over HTTP, {CONNECTIONS} clients",
        floor="bare FastAPI and asyncpg handler, one UPDATE",
        ours=per_second(here, "redemptions"),
        bare=per_second(there, "redemptions"),
        ratio=here / there,
        aim=f"{AIM} of its rate, all correct",
        reached=here / there >= AIM,
        figures={"rounds": len(ours), "memberpass": _side(ours), "bare": _side(bare)},
    )


async def take_tickets(creator: Creator, database: asyncpg.Connection, number: int) -> list[Ticket]:
    """Codes of the project that nobody redeemed yet, each with the member who is going to."""
    query = (
        "SELECT code FROM access_codes WHERE account_id = $1 AND project_id = $2 AND redeemed_at IS NULL ORDER BY code LIMIT $3"
    )
    rows = await database.fetch(query, *creator.place, number)
    must_equal("codes to redeem", len(rows), number)
    members = "SELECT coalesce(max(telegram_id) + 1, $3) FROM memberships WHERE account_id = $1 AND project_id = $2"
    first = await database.fetchval(members, *creator.place, _FIRST_MEMBER)
    return [(row["code"], first + place) for place, row in enumerate(rows)]


async def check_redeemed(creator: Creator, database: asyncpg.Connection, tickets: Sequence[Ticket]) -> None:
    """Every code exactly once, by the member who sent it, with one membership of one period each.

    Raises:
        StoryError: one was not.
    """
    codes = [code for code, _ in tickets]
    mine = "account_id = $1 AND project_id = $2 AND code = ANY($3)"
    redeemed = f"SELECT code, redeemed_by FROM access_codes WHERE {mine} AND redeemed_at IS NOT NULL"  # noqa: S608
    found = await database.fetch(redeemed, *creator.place, codes)
    must(sorted(map(tuple, found)) == sorted(tickets), "each code is redeemed by the member who sent it")
    memberships = f"SELECT code, telegram_id FROM memberships WHERE {mine} AND periods = 1"  # noqa: S608
    found = await database.fetch(memberships, *creator.place, codes)
    must(sorted(map(tuple, found)) == sorted(tickets), "each member has one membership, by one code")


async def until_events_are_handled(database: asyncpg.Connection, redis: Redis) -> float:
    """Wait until the outbox is published and no event is left on the queue; seconds."""
    began = time.perf_counter()

    async def handled() -> bool | None:
        unpublished = await database.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        waiting = [job_id for job_id in await redis.zrange(QUEUE, 0, -1) if job_id.startswith(b"event:")]
        return (unpublished == 0 and not waiting) or None

    await eventually("all events are handled", handled, patience=EVENTS_PATIENCE_S)
    return time.perf_counter() - began


async def _fill_bare_table(database: asyncpg.Connection, codes: Sequence[str]) -> None:
    await database.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    await database.execute(f"CREATE TABLE {TABLE} (code varchar(16) PRIMARY KEY, redeemed_at timestamptz, redeemed_by bigint)")
    schema, _, table = TABLE.partition(".")
    await database.copy_records_to_table(table, schema_name=schema, records=[(code,) for code in codes], columns=["code"])
    await database.execute("VACUUM ANALYZE")


def _side(rounds: Sequence[Round]) -> dict[str, Any]:
    return {
        "per_second": spread([one.per_second for one in rounds]),
        "p50_ms": round(median(one.result.p50_ms for one in rounds), 2),
        "p99_ms": round(median(one.result.p99_ms for one in rounds), 2),
        "events_after_s": round(median(one.events_after_s for one in rounds), 2),
    }
