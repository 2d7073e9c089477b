"""Members are reminded before their membership ends, once for each end (rules.md T5)."""

from datetime import datetime, timedelta
from uuid import UUID

from codes_api.codes.redeem import redeem
from codes_api.due import next_due, run_due
from codes_api.memberships.cancel import cancel_membership
from codes_api.memberships.ending import REMIND_BEFORE, announce_ending
from shared.calendar import rfc3339

from tests.support.codes_world import NOW, World

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


async def joined(world: World, plan_id: UUID, telegram_id: int = 1, *, now: datetime = NOW) -> tuple[UUID, datetime]:
    """A membership and its end."""
    code = await world.code(plan_id)
    membership = (await redeem(world.database, **world.place, typed=code, telegram_id=telegram_id, now=now)).membership
    assert membership.ends_at is not None
    return membership.id, membership.ends_at


async def run(world: World, now: datetime) -> datetime | None:
    """Do what is due; when the next is."""
    done = await run_due(world.database, now=now, tombstone_days=400, refused_attempt_days=30)
    return done.next_due_at


async def announced(world: World) -> list[tuple[str, str]]:
    return [(event["membership_id"], event["ends_at"]) for event in await world.events("membership.ending")]


async def test_three_days_before_and_once(world: World) -> None:
    membership, end = await joined(world, await world.plan())
    async with world.database.transaction() as session:
        assert await next_due(session) == end - REMIND_BEFORE
    assert await run(world, end - REMIND_BEFORE - MOMENT) == end - REMIND_BEFORE
    assert await announced(world) == []
    for moment in (end - REMIND_BEFORE, end - REMIND_BEFORE + MOMENT, end - DAY):
        assert await run(world, moment) == end
    assert await announced(world) == [(str(membership), rfc3339(end))]
    assert await run(world, end) is None


async def test_an_extension_is_reminded_of_again(world: World) -> None:
    plan_id = await world.plan()
    membership, end = await joined(world, plan_id)
    await run(world, end - REMIND_BEFORE)
    same, later = await joined(world, plan_id, now=end - DAY)
    assert same == membership
    assert await run(world, end - DAY) == later - REMIND_BEFORE
    await run(world, later - REMIND_BEFORE)
    assert await announced(world) == [(str(membership), rfc3339(end)), (str(membership), rfc3339(later))]


async def test_who_has_just_come_for_a_few_days_is_not_reminded(world: World) -> None:
    _, soon = await joined(world, await world.plan("day", 3))
    _, later = await joined(world, await world.plan("day", 4), 2)
    await run(world, NOW)
    assert await announced(world) == []
    assert await run(world, NOW + DAY) == soon
    assert [end for _, end in await announced(world)] == [rfc3339(later)]


async def test_who_is_no_member_by_then_is_not_reminded(world: World) -> None:
    membership, end = await joined(world, await world.plan())
    async with world.database.transaction() as session:
        await cancel_membership(session, **world.place, membership_id=membership, now=NOW)
    assert await run(world, end - DAY) is None
    assert await announced(world) == []


async def test_after_a_long_silence_nobody_is_reminded_of_what_is_over(world: World) -> None:
    _, end = await joined(world, await world.plan())
    await run(world, end + DAY)
    assert await announced(world) == []


async def test_a_run_is_bounded_and_leaves_nobody_out(world: World) -> None:
    plan_id = await world.plan()
    ends = [(await joined(world, plan_id, member, now=NOW + max(0, member - 3) * MOMENT))[1] for member in range(1, 6)]
    assert len(set(ends)) == 3, "the first three end at the same moment"
    counts = []
    for _ in range(3):
        async with world.database.transaction() as session:
            counts.append(await announce_ending(session, now=ends[-1] - REMIND_BEFORE, limit=2))
    assert counts == [3, 2, 0]
    assert len(set(await announced(world))) == 5
