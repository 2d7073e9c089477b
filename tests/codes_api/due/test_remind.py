"""Members are reminded before their end, once for each end (rules.md T5)."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from codes_api.codes.redeem import redeem
from codes_api.due import next_due
from codes_api.memberships.models import UNREMINDED
from codes_api.memberships.periods import LATEST
from codes_api.memberships.remind import remind_members
from shared.calendar import rfc3339
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_world import NOW, World, run_all_due
from tests.support.races import meet

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


async def give(world: World, plan_id: UUID, telegram_id: int = 1, now: datetime = NOW) -> datetime:
    given = await redeem(world.database, **world.place, typed=await world.code(plan_id), telegram_id=telegram_id, now=now)
    return given.membership.ends_at or LATEST


async def run(world: World, now: datetime, days: int = 3) -> int:
    async with world.database.transaction() as session:
        return await remind_members(session, now=now, days_before=days)


async def planned(world: World, days: int = 3) -> datetime | None:
    async with world.database.transaction() as session:
        return await next_due(session, remind_days=days)


async def ends(world: World) -> list[str]:
    return [event["ends_at"] for event in await world.events("membership.ending")]


@pytest.mark.parametrize(
    ("unit", "count", "days", "before"),
    [("month", 1, 3, 3), ("day", 4, 3, 3), ("day", 3, 3, 1), ("day", 2, 3, 1), ("week", 1, 10, 1), ("month", 1, 10, 10)],
)
async def test_how_long_before(world: World, unit: str, count: int, days: int, before: int) -> None:
    end = await give(world, await world.plan(unit, count))
    moment = end - before * DAY
    assert await planned(world, days) == moment
    assert await run(world, moment - MOMENT, days) == 0
    assert [await run(world, moment, days), await run(world, moment, days), await run(world, end - MOMENT, days)] == [1, 0, 0]
    assert await ends(world) == [rfc3339(end)]
    assert await planned(world, days) == end


@pytest.mark.parametrize(("unit", "count"), [("day", 1), ("lifetime", 1)])
async def test_a_day_and_a_lifetime_need_none(world: World, unit: str, count: int) -> None:
    end = await give(world, await world.plan(unit, count))
    assert await planned(world) == (end if unit == "day" else None)
    assert await run(world, NOW + DAY - MOMENT) == 0


async def test_extending_plans_the_next_one(world: World) -> None:
    plan_id = await world.plan("week")
    first = await give(world, plan_id)
    assert await run(world, first - 3 * DAY) == 1
    second = await give(world, plan_id, now=first - 2 * DAY)
    assert second == first + 7 * DAY
    assert await planned(world) == second - 3 * DAY
    assert await run(world, first) == 0
    assert await run(world, second - 3 * DAY) == 1
    assert await ends(world) == [rfc3339(first), rfc3339(second)]


async def test_what_is_over_needs_none(world: World) -> None:
    end = await give(world, await world.plan("week"))
    assert await run(world, end) == 0
    await run_all_due(world, end)
    assert await ends(world) == []
    assert await planned(world) is None


async def test_earliest_first_and_no_more_than_a_piece(world: World) -> None:
    plan_id = await world.plan("week")
    for member in (2, 0, 1):
        await give(world, plan_id, member + 1, NOW + member * DAY)
    async with world.database.transaction() as session:
        assert await remind_members(session, now=NOW + 6 * DAY, days_before=3, limit=2) == 2
    assert sorted(await ends(world)) == [rfc3339(NOW + 7 * DAY), rfc3339(NOW + 8 * DAY)]


async def test_two_runs_at_once_remind_once(world: World) -> None:
    end = await give(world, await world.plan("week"))

    async def due(session: AsyncSession) -> int:
        return await remind_members(session, now=end - DAY, days_before=3)

    assert sorted(await meet(world.database, due, due)) == [0, 1]
    assert len(await ends(world)) == 1


async def test_a_membership_that_is_being_extended_is_left(world: World) -> None:
    end = await give(world, await world.plan("week"))
    async with world.database.transaction() as session:
        await session.execute(text("SELECT FROM memberships FOR UPDATE"))
        assert await run(world, end - DAY) == 0
    assert await run(world, end - DAY) == 1


async def test_the_question_reads_the_beginning_of_an_index(world: World) -> None:
    plan_id = await world.plan("month")
    await world.rows(
        "INSERT INTO memberships (account_id, project_id, id, plan_id, telegram_id, code, starts_at, ends_at, status) "
        "SELECT :account, :project, gen_random_uuid(), CAST(:plan AS uuid), n, 'c', now(), now() + n * interval '1 day', "
        "'active' FROM generate_series(2, 3000) n",
        plan=plan_id,
    )
    await world.rows("ANALYZE memberships")
    query = f"SELECT min(ends_at) FROM memberships WHERE {UNREMINDED} AND ends_at - starts_at > interval '3 days'"
    plan = str(await world.rows(f"EXPLAIN {query}"))
    assert "ix_memberships_unreminded" in plan
    assert "Seq Scan" not in plan
