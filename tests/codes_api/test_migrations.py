"""Migrations that move what creators own: nothing of it is lost, up and down."""

from datetime import timedelta
from uuid import UUID

from codes_api.codes.expire import expire_codes
from codes_api.codes.redeem import redeem

from tests.support.codes_world import NOW, World
from tests.support.postgres import migrate

DAY = timedelta(days=1)
WITH_A_TABLE_OF_TOMBSTONES = "d5f2a0e50001"


async def test_tombstones_move_in_with_the_codes_and_out_again(world: World, codes_database_url: str) -> None:
    plan_id = await world.plan()
    whole, partly_forgotten = [await world.batch(plan_id, 3, expires_in=DAY) for _ in range(2)]
    await world.batch(plan_id, 2, expires_in=9 * DAY)
    redeemed, *swept = await world.codes_of(whole)
    await redeem(world.database, **world.place, typed=redeemed, telegram_id=1, now=NOW)
    async with world.database.transaction() as session:
        assert await expire_codes(session, now=NOW + DAY) == 5
    env = {"CODES_DATABASE_URL": codes_database_url}

    await migrate("codes-api", env, "downgrade", WITH_A_TABLE_OF_TOMBSTONES)
    buried = await world.rows("SELECT batch_id, code, deleted_at FROM expired_codes ORDER BY batch_id, position")
    assert buried[:2] == [(whole, code, NOW + DAY) for code in swept]
    assert [batch for batch, _, _ in buried[2:]] == [partly_forgotten] * 3
    assert await _left(world) == [(whole, 1)], "live codes of the two batches"
    await world.rows("DELETE FROM expired_codes WHERE batch_id = :batch AND position = 1", batch=partly_forgotten)

    await migrate("codes-api", env, "upgrade", "head")
    assert await _left(world) == [(whole, 3)], "one that lost a tombstone loses the others too"
    assert set(swept) < set(await world.codes_of(whole))
    assert await world.tombstones() == 2
    forgotten = await world.rows("SELECT id FROM batches WHERE forgotten_at IS NOT NULL")
    assert forgotten == [(partly_forgotten,)]


async def _left(world: World) -> list[tuple[UUID, int]]:
    return await world.rows("SELECT batch_id, count(*) FROM access_codes WHERE expires_at = :day GROUP BY 1", day=NOW + DAY)
