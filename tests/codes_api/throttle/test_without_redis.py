"""Redis away: members redeem as fast as ever, and each process limits misses by itself (`rules.md` C7)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from codes_api.codes import throttle as rule
from codes_api.codes.throttle import Member, Throttle
from redis.asyncio import Redis
from redis.exceptions import RedisError
from shared.ids import new_id

from tests.support.codes_world import NOW
from tests.support.own_redis import OwnRedis

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[OwnRedis]:
    own = OwnRedis(tmp_path)
    await started(own)
    yield own
    await own.stop()


@pytest.fixture
async def throttle(own_redis: OwnRedis) -> AsyncIterator[Throttle]:
    made = Throttle(own_redis.url)
    yield made
    await made.close()


async def started(own: OwnRedis) -> None:
    await own.start()
    async with Redis.from_url(own.url) as client, asyncio.timeout(30):
        while True:
            try:
                await client.ping()
            except (RedisError, OSError):
                await asyncio.sleep(0.01)
            else:
                return


def member() -> Member:
    return Member(new_id(), new_id(), 1001)


async def misses(throttle: Throttle, who: Member, number: int, *, after: timedelta = timedelta()) -> None:
    for _ in range(number):
        await throttle.missed(who, NOW + after)


async def test_the_process_counts_by_itself(own_redis: OwnRedis, throttle: Throttle) -> None:
    await own_redis.stop()
    anna, ben = member(), member()
    await misses(throttle, anna, 4)
    assert await throttle.wait(anna, NOW) == 0
    await misses(throttle, anna, 1, after=9 * MINUTE)
    assert await throttle.wait(anna, NOW + 9 * MINUTE) == 900
    assert await throttle.wait(ben, NOW) == 0
    assert await throttle.wait(anna, NOW + 24 * MINUTE - timedelta(seconds=1)) == 1
    assert await throttle.wait(anna, NOW + 24 * MINUTE) == 0


async def test_the_processs_window_slides_with_the_domains_clock(own_redis: OwnRedis, throttle: Throttle) -> None:
    await own_redis.stop()
    anna = member()
    await misses(throttle, anna, 4)
    await misses(throttle, anna, 4, after=11 * MINUTE)
    assert await throttle.wait(anna, NOW + 11 * MINUTE) == 0
    await misses(throttle, anna, 1, after=20 * MINUTE)
    assert await throttle.wait(anna, NOW + 20 * MINUTE) == 900


async def test_a_project_is_slowed_by_the_process_too(own_redis: OwnRedis, throttle: Throttle) -> None:
    await own_redis.stop()
    account_id, project_id = new_id(), new_id()
    told = [await throttle.missed(Member(account_id, project_id, n), NOW) for n in range(1001)]
    assert told == [False] * 999 + [True] * 2
    assert await throttle.wait(Member(account_id, project_id, 7), NOW) == 0
    assert 59 <= await throttle.wait(Member(account_id, project_id, 7), NOW) <= 60
    assert await throttle.wait(Member(account_id, project_id, 5000), NOW) == 0


async def test_who_waits_goes_on_waiting_when_redis_goes(own_redis: OwnRedis, throttle: Throttle) -> None:
    anna = member()
    await misses(throttle, anna, 5)
    await own_redis.stop()
    assert await throttle.wait(anna, NOW) == 900


async def test_redis_comes_back(own_redis: OwnRedis, throttle: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "RETRY_S", 0.02)
    other, anna, ben = Throttle(own_redis.url), member(), member()
    await misses(throttle, anna, 5)
    await own_redis.stop()
    assert await throttle.wait(ben, NOW) == 0
    assert await other.wait(anna, NOW) == 0  # it can't know
    await started(own_redis)  # with what it knew: it keeps its data
    async with asyncio.timeout(30):
        while await other.wait(anna, NOW) == 0:
            await asyncio.sleep(0.01)
        while throttle._away:
            await throttle.wait(ben, NOW)
            await asyncio.sleep(0.01)
    await misses(throttle, ben, 5)
    assert await other.wait(ben, NOW) == 900
    await other.close()


async def test_a_silent_redis_costs_one_short_pause_and_no_more() -> None:
    """It takes connections and never answers: the first look runs into the timeout; then nobody but a probe asks it."""
    asked: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: asked.append(writer), "127.0.0.1", 0)
    host, port = silent.sockets[0].getsockname()[:2]
    throttle = Throttle(f"redis://{host}:{port}/0")
    assert await asyncio.gather(*(throttle.wait(member(), NOW) for _ in range(32))) == [0] * 32
    first = len(asked)
    for _ in range(100):
        assert await throttle.wait(member(), NOW) == 0
    assert first >= 1
    assert len(asked) - first < 100, "each of the hundred asked again"
    await throttle.close()
    silent.close()


async def test_looks_go_together(own_redis: OwnRedis, throttle: Throttle) -> None:
    """A hundred members at once are a few commands, not a hundred."""
    async with Redis.from_url(own_redis.url) as client:
        await asyncio.gather(*(throttle.wait(member(), NOW) for _ in range(100)))
        stats = await client.info("commandstats")
    assert stats["cmdstat_mget"]["calls"] <= 3
