"""The ground the other tests stand on: each test has its own data, and what it is given is real."""

from datetime import timedelta

import asyncpg
import pytest
import redis.asyncio
from arq.connections import RedisSettings, create_pool

from tests.support.clock import MovableClock


async def _tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


@pytest.mark.parametrize("_", [1, 2])
async def test_an_empty_database_is_a_fresh_one(empty_database_url: str, _: int) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("CREATE TABLE left_behind (id int)")
    assert await connection.fetchval("SHOW TimeZone") == "UTC"
    # Not closed: a test that forgets a connection must not keep its database alive.


async def test_codes_and_billing_are_migrated_apart(codes_database_url: str, billing_database_url: str) -> None:
    codes, billing = await _tables(codes_database_url), await _tables(billing_database_url)

    assert "alembic_version" in codes & billing
    assert codes != billing


@pytest.mark.parametrize("_", [1, 2])
async def test_redis_is_empty_and_good_for_arq(redis_url: str, _: int) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
    pool = await create_pool(RedisSettings.from_dsn(redis_url))
    await pool.enqueue_job("left_behind")
    await pool.aclose()


def test_a_synchronous_test_has_them_too(empty_database_url: str, redis_url: str) -> None:
    assert empty_database_url.startswith("postgresql://")
    assert redis_url.startswith("redis://")


def test_the_clock_moves_by_hand(clock: MovableClock) -> None:
    before = clock.now()

    assert clock.advance(days=31) - before >= timedelta(days=31)
    assert clock.path.exists()
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))
