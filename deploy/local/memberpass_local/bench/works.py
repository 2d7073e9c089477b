"""All works in order, against one stack. Each finds what the ones before have left."""

from collections.abc import AsyncIterator, Callable

import asyncpg
import httpx
import psutil
from redis.asyncio import Redis
from shared.clock import SandboxClock

from memberpass_local.bench.creator import make_creator
from memberpass_local.bench.export import measure_export
from memberpass_local.bench.fill import fill_project, without_secondary_indexes
from memberpass_local.bench.generation import measure_generation
from memberpass_local.bench.in_batches import measure_in_batches
from memberpass_local.bench.lists import measure_lists
from memberpass_local.bench.plan import TINY, Plan
from memberpass_local.bench.redemption import measure_redemption
from memberpass_local.bench.sweep import measure_sweep
from memberpass_local.bench.target import bare_handler, memberpass
from memberpass_local.bench.work import Work
from memberpass_local.stack import LocalStack

HTTP_TIMEOUT_S = 60.0


async def measure_all(stack: LocalStack, plan: Plan, tell: Callable[[str], None]) -> AsyncIterator[Work]:
    """One work after the other, as each is done.

    Raises:
        StoryError: what was measured was not right.
    """
    urls, token = stack.urls, stack.env["SERVICE_TOKEN"]
    database = await asyncpg.connect(urls.codes_database_url)
    clock = SandboxClock(stack.home.sandbox_clock)
    try:
        async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as http, Redis.from_url(urls.redis_url) as redis:
            shop = await make_creator(http, urls)
            tell(f"{plan.batches} batches, one at a time")
            yield await measure_generation(shop, database, plan.batches)
            tell(f"{plan.many} batches")
            many = await shop.another_project("Many")
            yield await measure_in_batches(many, database, plan.many)
            tell(f"{plan.rounds} rounds of {plan.redemptions:,} redemptions, here and there")
            target = memberpass(many, urls.codes_api, token)
            async with bare_handler(urls.codes_database_url) as bare:
                yield await measure_redemption(many, database, redis, plan, memberpass=target, bare=bare)
            tell("the CSV")
            server = psutil.Process(int(stack.home.pid_file_of("codes-api").read_text(encoding="ascii").split()[0]))
            yield await measure_export(many, http, urls.codes_api, database, server)
            async with without_secondary_indexes(database):
                now = clock.now()
                neighbour = await (await make_creator(http, urls)).another_project("Neighbour")
                await fill_project(neighbour, database, codes=plan.large // 20, expiring=0, now=now)
                tiny = await fill_project(await shop.another_project("Tiny"), database, codes=TINY, expiring=0, now=now)
                project = await shop.another_project("Large")
                large = await fill_project(project, database, codes=plan.large, expiring=plan.expired, now=now, tell=tell)
            yield await measure_lists(
                http, urls.codes_api, database, large, tiny, deep=plan.deep, looks=plan.looks, now=clock.now(), tell=tell
            )
            tell("the sweep")
            yield await measure_sweep(large, many, database, redis, clock, plan, target)
    finally:
        await database.close()
