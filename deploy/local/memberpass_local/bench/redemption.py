"""Redemptions a second over HTTP, beside the bare handler: the same clients, the same machine, turn by turn."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

import asyncpg
import httpx
from redis.asyncio import Redis
from shared.contracts.events import QUEUE

from memberpass_local.bench.bare import TABLE
from memberpass_local.bench.creator import Creator
from memberpass_local.bench.load import Job, Result
from memberpass_local.bench.plan import CONNECTIONS, WARM_UP, Plan
from memberpass_local.demo.checks import eventually, must, must_equal
from memberpass_local.ports import HOST, free_port

OK = 200
EVENTS_PATIENCE_S = 120.0
_FIRST_MEMBER = 5_000_000_000


@dataclass(frozen=True)
class Round:
    """What the members saw, and how long the events of it took on top until all were handled (seconds)."""

    result: Result
    events_after_s: float


@dataclass(frozen=True)
class Redemption:
    """Both sides, round by round."""

    memberpass: list[Round]
    bare: list[Round]
    redemptions: int

    def per_second(self, rounds: Sequence[Round]) -> list[float]:
        """Each round's redemptions a second, as the members see them."""
        return [self.redemptions / one.result.seconds for one in rounds]

    @property
    def ratio(self) -> float:
        """MemberPass's share of what the bare handler does."""
        return median(self.per_second(self.memberpass)) / median(self.per_second(self.bare))


@dataclass(frozen=True)
class Target:
    """Where members redeem."""

    url: str
    path: str
    headers: dict[str, str]

    async def redeem(self, tickets: Sequence[tuple[str, int]]) -> Result:
        """Have each (code, member) redeemed by a client process.

        Raises:
            StoryError: an answer was no 200.
        """
        place = urlsplit(self.url)
        job = Job(
            host=place.hostname or HOST,
            port=place.port or 80,
            path=self.path,
            headers=self.headers,
            connections=CONNECTIONS,
            bodies=[json.dumps({"text": code, "telegram_id": member}) for code, member in tickets],
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "memberpass_local.bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate(job.model_dump_json().encode())
        must_equal("the client process", process.returncode, 0)
        result = Result.model_validate_json(output)
        must_equal("the answers", result.statuses, {OK: len(tickets)})
        return result


async def measure_redemption(
    creator: Creator, database: asyncpg.Connection, redis: Redis, plan: Plan, *, memberpass: Target, bare: Target
) -> Redemption:
    """Redeem each code once, by a member of its own, here and there in turn; then count what the database says.

    Raises:
        StoryError: a code was not redeemed, or not by the member who sent it, or more than once.
    """
    tickets = await _tickets(creator, database, plan.codes_needed)
    await _fill_bare_table(database, [code for code, _ in tickets])
    rounds: dict[str, list[Round]] = {bare.url: [], memberpass.url: []}
    for begin in (0, *range(WARM_UP, plan.codes_needed, plan.redemptions)):
        share = tickets[begin : begin + (plan.redemptions if begin else WARM_UP)]
        for target in (bare, memberpass):
            result = await target.redeem(share)
            # What MemberPass still has to do for its round must not be done at the bare handler's cost.
            after = await _until_events_are_handled(database, redis)
            if begin:
                rounds[target.url].append(Round(result, after))
    await _check(creator, database, tickets)
    return Redemption(rounds[memberpass.url], rounds[bare.url], plan.redemptions)


def redemptions_path(creator: Creator) -> str:
    """codes-api's address for them."""
    return f"/internal/projects/{creator.account_id}/{creator.project_id}/redemptions"


@asynccontextmanager
async def bare_handler(database_url: str) -> AsyncIterator[Target]:
    """The floor's process while the block lasts."""
    port = free_port()
    env = {**os.environ, "BENCH_DATABASE_URL": database_url, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "memberpass_local.bench.bare", env=env)
    url = f"http://{HOST}:{port}"
    try:
        async with httpx.AsyncClient() as http:

            async def ready() -> bool | None:
                try:
                    return (await http.get(f"{url}/readyz")).is_success or None
                except httpx.TransportError:
                    return None

            await eventually("the bare handler is up", ready)
        yield Target(url, "/redemptions", {})
    finally:
        process.terminate()
        await process.wait()


async def _tickets(creator: Creator, database: asyncpg.Connection, number: int) -> list[tuple[str, int]]:
    """Codes of the project, each with the member who is going to redeem it."""
    query = "SELECT code FROM access_codes WHERE account_id = $1 AND project_id = $2 ORDER BY code LIMIT $3"
    rows = await database.fetch(query, creator.account_id, creator.project_id, number)
    must_equal("codes to redeem", len(rows), number)
    return [(row["code"], _FIRST_MEMBER + place) for place, row in enumerate(rows)]


async def _fill_bare_table(database: asyncpg.Connection, codes: Sequence[str]) -> None:
    await database.execute(f"CREATE TABLE {TABLE} (code varchar(16) PRIMARY KEY, redeemed_at timestamptz, redeemed_by bigint)")
    schema, _, table = TABLE.partition(".")
    await database.copy_records_to_table(table, schema_name=schema, records=[(code,) for code in codes], columns=["code"])
    await database.execute("VACUUM ANALYZE")


async def _until_events_are_handled(database: asyncpg.Connection, redis: Redis) -> float:
    """Wait until the outbox is published and no event is left on the queue; seconds."""
    began = time.perf_counter()

    async def handled() -> bool | None:
        unpublished = await database.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        waiting = [job_id for job_id in await redis.zrange(QUEUE, 0, -1) if job_id.startswith(b"event:")]
        return (unpublished == 0 and not waiting) or None

    await eventually("all events are handled", handled, patience=EVENTS_PATIENCE_S)
    return time.perf_counter() - began


async def _check(creator: Creator, database: asyncpg.Connection, tickets: Sequence[tuple[str, int]]) -> None:
    """Every code exactly once, by the member who sent it, with one membership of one period each."""
    ours = (creator.account_id, creator.project_id)
    redeemed = await database.fetch(
        "SELECT code, redeemed_by FROM access_codes WHERE account_id = $1 AND project_id = $2 AND redeemed_at IS NOT NULL", *ours
    )
    must(sorted(map(tuple, redeemed)) == sorted(tickets), "each code is redeemed by the member who sent it, and no other is")
    members = await database.fetch(
        "SELECT m.code, m.telegram_id FROM memberships m WHERE account_id = $1 AND project_id = $2 AND periods = 1", *ours
    )
    must(sorted(map(tuple, members)) == sorted(tickets), "each member has one membership, by one code")
    bare = await database.fetch(f"SELECT code, redeemed_by FROM {TABLE} WHERE redeemed_at IS NOT NULL")  # noqa: S608
    must(sorted(map(tuple, bare)) == sorted(tickets), "the bare handler redeemed each code by the member who sent it")
