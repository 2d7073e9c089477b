"""What is due: the sweep (C3, C4, Q1), memberships that end (M1), what is forgotten (C4, C8), and when it is next."""

from datetime import datetime, timedelta

import pytest
from codes_api.codes import expire
from codes_api.codes.errors import CodeUnknownError
from codes_api.codes.expire import expire_codes
from codes_api.codes.models import BURIED, UNSWEPT
from codes_api.codes.redeem import redeem
from codes_api.due import next_due
from shared.contracts.due import DueRun
from sqlalchemy import text

from tests.support.codes_world import NOW, World, run_all_due

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


async def planned(world: World) -> datetime | None:
    async with world.database.transaction() as session:
        return await next_due(session, remind_days=3)


async def test_nothing_is_planned_in_an_empty_house(world: World) -> None:
    await world.codes(await world.plan("lifetime"), 2)
    assert await planned(world) is None
    assert await run_all_due(world, NOW + 10_000 * DAY) == DueRun(done=0, next_due_at=None)


async def test_codes_are_swept_from_the_instant_of_their_expiry(world: World) -> None:
    plan_id = await world.plan()
    batch = await world.batch(plan_id, 3, expires_in=DAY)
    await world.batch(plan_id, 2, expires_in=2 * DAY)
    first, *_ = await world.codes_of(batch)
    await redeem(world.database, **world.place, typed=first, telegram_id=1, now=NOW)
    assert await planned(world) == NOW + DAY
    assert (await run_all_due(world, NOW + DAY - MOMENT)).done == 0
    assert await run_all_due(world, NOW + DAY) == DueRun(done=2, next_due_at=NOW + 2 * DAY)
    assert await world.rows("SELECT id, swept_at FROM batches WHERE swept_at IS NOT NULL") == [(batch, NOW + DAY)]
    assert await world.tombstones() == 2
    assert await world.expired() == [{"batch_id": str(batch), "quantity": 2}]
    assert await world.events("access_codes.expired") == [], "nobody listens"


async def test_revoked_and_redeemed_codes_stay(world: World) -> None:
    codes = await world.codes(await world.plan(), 2, expires_in=DAY)
    await redeem(world.database, **world.place, typed=codes[0], telegram_id=1, now=NOW)
    await world.rows("UPDATE access_codes SET revoked_at = :now WHERE redeemed_at IS NULL", now=NOW)
    await run_all_due(world, NOW + 5 * DAY)
    assert await world.tombstones() == 0
    assert await world.expired() == []


async def test_a_run_is_bounded_and_takes_whole_batches(world: World) -> None:
    plan_id = await world.plan()
    batches = [await world.batch(plan_id, 4, expires_in=(day + 1) * DAY) for day in range(3)]
    swept = []
    for _ in range(3):
        async with world.database.transaction() as session:
            swept.append(await expire_codes(session, now=NOW + 9 * DAY, limit=5))
    assert swept == [8, 4, 0]
    assert await world.expired() == [{"batch_id": str(batch), "quantity": 4} for batch in batches]


async def test_billing_is_told_of_many_batches_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each account, and in bounded pieces."""
    monkeypatch.setattr(expire, "MAX_EXPIRED", 2)
    neighbour = await world.another()
    for owner in (world, neighbour):
        plan_id = await owner.plan()
        for _ in range(3):
            await owner.batch(plan_id, 2, expires_in=DAY)
    await run_all_due(world, NOW + DAY)
    for owner in (world, neighbour):
        assert [len(event["batches"]) for event in await owner.events("batches.expired")] == [2, 1]
        assert {said["quantity"] for said in await owner.expired()} == {2}
        assert len(await owner.expired()) == 3


async def test_a_sweep_that_fails_leaves_everything(world: World) -> None:
    await world.codes(await world.plan(), 2, expires_in=DAY)
    await world.rows("ALTER TABLE outbox ADD CONSTRAINT broken CHECK (false)")
    with pytest.raises(Exception, match="broken"):
        await run_all_due(world, NOW + DAY)
    assert (await planned(world), await world.tombstones()) == (NOW + DAY, 0)


async def test_memberships_end_at_their_end(world: World) -> None:
    given = await redeem(world.database, **world.place, typed=await world.code(await world.plan("week")), telegram_id=1, now=NOW)
    end = NOW + 7 * DAY
    assert await planned(world) == end - 3 * DAY
    assert await run_all_due(world, end - 3 * DAY) == DueRun(done=1, next_due_at=end)
    assert (await run_all_due(world, end - MOMENT)).done == 0
    assert await run_all_due(world, end + DAY) == DueRun(done=1, next_due_at=None)
    rows = await world.rows("SELECT id, status, closed_at FROM memberships")
    assert rows == [(given.membership.id, "ended", end)]


async def test_a_membership_that_is_being_extended_is_left(world: World) -> None:
    await redeem(world.database, **world.place, typed=await world.code(await world.plan("day")), telegram_id=1, now=NOW)
    async with world.database.transaction() as session:
        await session.execute(text("SELECT FROM memberships FOR UPDATE"))
        assert await run_all_due(world, NOW + DAY) == DueRun(done=0, next_due_at=NOW + DAY)


async def test_tombstones_and_refused_attempts_are_forgotten_in_time(world: World) -> None:
    batch = await world.batch(await world.plan(), 3, expires_in=DAY)
    code, redeemed, revoked = await world.codes_of(batch)
    await redeem(world.database, **world.place, typed=redeemed, telegram_id=1, now=NOW)
    await world.rows("UPDATE access_codes SET revoked_at = :now WHERE code = :code", now=NOW, code=revoked)
    await run_all_due(world, NOW + DAY)
    with pytest.raises(Exception, match="expired"):
        await redeem(world.database, **world.place, typed=code, telegram_id=1, now=NOW + 2 * DAY)
    kept = "SELECT (SELECT count(*) FROM refused_attempts), (SELECT count(*) FROM access_codes)"
    for days, left in ((32, (1, 3)), (33, (0, 3)), (401, (0, 3)), (402, (0, 2))):
        await run_all_due(world, NOW + days * DAY + MOMENT if days in {33, 402} else NOW + days * DAY)
        assert await world.rows(kept) == [left], days
    assert await world.tombstones() == 0
    assert await world.rows("SELECT forgotten_at FROM batches") == [(NOW + 402 * DAY + MOMENT,)]
    with pytest.raises(CodeUnknownError):
        await redeem(world.database, **world.place, typed=code, telegram_id=1, now=NOW + 403 * DAY)


async def test_batches_that_are_done_with_are_due_no_more(world: World) -> None:
    """Also those whose codes were all redeemed in time, however many are in the way."""
    plan_id = await world.plan("lifetime")
    redeemed = [await world.batch(plan_id, 1, expires_in=DAY) for _ in range(4)]
    for member, batch in enumerate(redeemed):
        (code,) = await world.codes_of(batch)
        await redeem(world.database, **world.place, typed=code, telegram_id=member, now=NOW)
    last = await world.batch(plan_id, 1, expires_in=2 * DAY)
    assert await planned(world) == NOW + DAY
    async with world.database.transaction() as session:
        assert await expire_codes(session, now=NOW + 2 * DAY, limit=2) == 1
    assert await planned(world) is None
    swept = await world.rows("SELECT id, swept_at FROM batches ORDER BY id")
    assert swept == [(batch, NOW + 2 * DAY) for batch in (*redeemed, last)]


async def test_a_batch_that_expired_while_it_was_queued_is_swept_once_it_has_codes(world: World) -> None:
    batch = await world.batch(await world.plan("lifetime"), 2, expires_in=DAY)
    await world.rows("UPDATE batches SET status = 'queued', generated_at = NULL")
    assert await planned(world) is None
    assert (await run_all_due(world, NOW + DAY)).done == 0
    await world.rows("UPDATE batches SET status = 'ready', generated_at = :now", now=NOW)
    assert await run_all_due(world, NOW + DAY) == DueRun(done=2, next_due_at=None)
    assert await world.expired() == [{"batch_id": str(batch), "quantity": 2}]


async def test_the_questions_read_only_the_end_of_an_index(world: World) -> None:
    """As the planner does it with many rows: no table is read."""
    plan_id = await world.plan()
    for day in range(300):
        await world.batch(plan_id, 1, expires_in=(day + 1) * DAY)
    await world.rows("ANALYZE batches")
    for index, question in (
        ("ix_batches_unswept", f"SELECT min(expires_at) FROM batches WHERE {UNSWEPT}"),
        ("ix_batches_buried", f"SELECT id FROM batches WHERE {BURIED} AND swept_at < now() ORDER BY swept_at LIMIT 5"),
    ):
        plan = str(await world.rows(f"EXPLAIN {question}"))
        assert index in plan
        assert "Seq Scan" not in plan
