"""Redemptions at the same moment as other things. Real transactions on real connections; each guard has a test that
takes it out and must then see the race that it prevents."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from codes_api.codes import revoke
from codes_api.codes.expire import expire_codes
from codes_api.codes.redeem import redeem
from codes_api.codes.redeem_claim import Claim
from codes_api.codes.redeem_statement import REDEEM, UNREDEEMED, statement
from codes_api.memberships.cancel import cancel_membership
from codes_api.memberships.models import Membership
from sqlalchemy import TextClause, text

from tests.support.codes_world import NOW, World
from tests.support.races import until_waiting
from tests.support.redemptions import alone, give, outcome

DAY = timedelta(days=1)


async def fifty_at_once(world: World, statement: str) -> Counter[str]:
    """Fifty members, one code; all stand in line behind a lock on its row and are let go together."""
    code = await world.code(await world.plan())
    async with world.database.transaction() as gate:
        await gate.execute(_lock(code))
        tries = [asyncio.create_task(give(world, code, 1000 + n, claim=alone(world, statement))) for n in range(50)]
        await until_waiting(world.database, 20)
    return Counter(await asyncio.gather(*tries))


_REDEEMED = (
    "UPDATE access_codes SET redeemed_at = expires_at - interval '1 second', redeemed_by = 7, membership_id = gen_random_uuid()"
    " WHERE code = :code"
)


def _lock(code: str) -> TextClause:
    return text("SELECT FROM access_codes WHERE code = :code FOR UPDATE").bindparams(code=code)


async def test_fifty_members_and_one_code(world: World) -> None:
    await world.webhook()
    outcomes = await fifty_at_once(world, REDEEM)
    assert outcomes == {"redeemed": 1, "code_already_redeemed": 49}
    assert await world.count(Membership) == 1
    assert await world.one("SELECT count(*) FROM access_codes WHERE redeemed_at IS NOT NULL") == 1
    assert len(await world.events("access_code.redeemed")) == 1
    assert await world.one("SELECT count(*) FROM refused_attempts") == 49


async def test_without_the_guard_the_code_is_redeemed_by_many(world: World) -> None:
    unguarded = statement(unredeemed="TRUE")
    assert UNREDEEMED not in unguarded
    outcomes = await fifty_at_once(world, unguarded)
    assert outcomes["redeemed"] > 1
    assert await world.count(Membership) > 1


async def test_the_same_member_many_times_gets_one_period(world: World, claim: Claim | None) -> None:
    code = await world.code(await world.plan())
    outcomes = Counter(await asyncio.gather(*(give(world, code, 7, claim=claim) for _ in range(20))))
    assert outcomes == {"redeemed": 1, "repeated": 19}
    assert await world.one("SELECT periods FROM memberships") == 1


@pytest.mark.parametrize("unit", ["month", "lifetime"])
async def test_two_codes_of_a_plan_at_once_are_one_membership_of_two_periods(
    world: World, unit: str, claim: Claim | None
) -> None:
    plan_id = await world.plan(unit)
    for member in range(15):
        codes = await world.codes(plan_id, 2)
        assert await asyncio.gather(*(give(world, code, member, claim=claim) for code in codes)) == ["redeemed", "redeemed"]
    rows = await world.rows("SELECT periods, count(*) FROM memberships GROUP BY periods")
    assert [tuple(row) for row in rows] == [(2, 15)]
    assert await world.one("SELECT lifetime_used FROM tenants") == (15 if unit == "lifetime" else 0)


async def test_many_codes_of_lapsed_members_at_once(world: World, claim: Claim | None) -> None:
    """The slow path, where a membership is ended first, in a crowd: one new membership, every code counted in it."""
    codes = await world.codes(await world.plan("day"), 9)
    await give(world, codes[0], 7)
    later = NOW + timedelta(days=2)
    outcomes = await asyncio.gather(*(give(world, code, 7, later, claim) for code in codes[1:]))
    assert Counter(outcomes) == {"redeemed": 8}
    rows = await world.rows("SELECT status, periods, ends_at FROM memberships ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("ended", 1, NOW + DAY),
        ("active", 8, later + timedelta(days=8)),
    ]


@pytest.mark.parametrize("limit", [0, 1, 7])
async def test_a_lifetime_limit_with_many_claimants_is_reached_and_never_passed(
    world: World, limit: int, claim: Claim | None
) -> None:
    await world.webhook()
    await world.rows("UPDATE tenants SET lifetime_limit = :limit", limit=limit)
    codes = await world.codes(await world.plan("lifetime"), 30)
    async with world.database.transaction() as gate:
        await gate.execute(text("SELECT FROM tenants FOR UPDATE"))
        tries = [asyncio.create_task(give(world, code, member, claim=claim)) for member, code in enumerate(codes)]
        if limit:
            await until_waiting(world.database, 8)
    outcomes = Counter(await asyncio.gather(*tries))
    assert outcomes["redeemed"] == limit
    assert outcomes["lifetime_limit_reached"] == 30 - limit
    assert await world.one("SELECT lifetime_used FROM tenants") == limit
    assert await world.count(Membership) == limit
    assert await world.one("SELECT count(*) FROM access_codes WHERE redeemed_at IS NOT NULL") == limit
    assert len(await world.events("access_code.redeemed")) == limit


async def test_without_the_slot_the_limit_is_passed(world: World) -> None:
    """The negative control of the limit: an update that does not ask again lets everybody in who saw a free place."""
    await world.rows("UPDATE tenants SET lifetime_limit = 1")
    codes = await world.codes(await world.plan("lifetime"), 10)
    guard = "CASE WHEN lifetime_limit IS NULL OR lifetime_used < lifetime_limit THEN lifetime_used + 1 ELSE -1 END"
    unasked = REDEEM.replace(guard, "lifetime_used + 1")
    assert unasked != REDEEM
    async with world.database.transaction() as gate:
        await gate.execute(text("SELECT FROM tenants FOR UPDATE"))
        claim = alone(world, unasked)
        tries = [asyncio.create_task(give(world, code, member, claim=claim)) for member, code in enumerate(codes)]
        await until_waiting(world.database, 8)
    assert Counter(await asyncio.gather(*tries))["redeemed"] > 1


async def test_a_change_that_leaves_the_code_good_lets_the_waiting_redemption_through(world: World) -> None:
    """What waits is asked again of the row as it has become, and goes on with it."""
    code = await world.code(await world.plan(), expires_in=DAY)
    async with world.database.transaction() as session:
        await session.execute(text("UPDATE access_codes SET expires_at = expires_at + interval '1 day'"))
        waiting = asyncio.create_task(give(world, code, 1, NOW))
        await until_waiting(world.database, 1)
    assert await waiting == "redeemed"
    assert await world.one("SELECT redeemed_by FROM access_codes") == 1


async def test_redeeming_and_revoking_at_once(world: World, claim: Claim | None) -> None:
    codes = await world.codes(await world.plan(), 30)

    async def take_back(code: str) -> str:
        async def in_transaction() -> None:
            async with world.database.transaction() as session:
                await revoke.revoke_code(session, **world.place, typed=code, now=NOW)

        return await outcome(in_transaction())

    async def both(member: int, code: str) -> tuple[str, str]:
        redeeming, revoking = give(world, code, member, claim=claim), take_back(code)
        if member % 2:
            second, first = await asyncio.gather(revoking, redeeming)
        else:
            first, second = await asyncio.gather(redeeming, revoking)
        return first, second

    pairs = Counter(await asyncio.gather(*(both(member, code) for member, code in enumerate(codes))))
    assert set(pairs) <= {("redeemed", "code_already_redeemed"), ("code_revoked", "done")}
    assert await world.count(Membership) == pairs["redeemed", "code_already_redeemed"]
    assert await world.one("SELECT count(*) FROM access_codes WHERE revoked_at IS NULL AND redeemed_at IS NULL") == 0


async def test_extending_and_cancelling_at_once(world: World, claim: Claim | None) -> None:
    """Whoever is first: a cancelled membership never grows, and a redeemed code always has its membership."""
    plan_id = await world.plan()
    for member in range(10):
        one, two = await world.codes(plan_id, 2)
        first = await redeem(world.database, **world.place, typed=one, telegram_id=member, now=NOW)

        async def cancel(membership_id: UUID) -> None:
            async with world.database.transaction() as session:
                await cancel_membership(session, **world.place, membership_id=membership_id, now=NOW)

        await asyncio.gather(give(world, two, member, claim=claim), outcome(cancel(first.membership.id)))
    rows = await world.rows(
        "SELECT m.status, count(c.*), max(m.periods) FROM memberships m"
        " LEFT JOIN access_codes c ON c.membership_id = m.id GROUP BY m.id, m.status"
    )
    assert sum(codes for _, codes, _ in rows) == 20
    assert all(codes == periods for _, codes, periods in rows)


async def test_no_deadlock_among_everything_at_once(world: World, claim: Claim | None) -> None:
    """Redemptions (with and without limit), sweeps, revocations, endings and changes of the account, all mixed."""
    await world.rows("UPDATE tenants SET lifetime_limit = 20")
    monthly, lifetime = await world.plan("month"), await world.plan("lifetime")
    fleeting = timedelta(hours=1)
    codes = [code for plan in (monthly, lifetime) for _ in range(8) for code in await world.codes(plan, 5, expires_in=fleeting)]

    async def sweep() -> None:
        for _ in range(8):
            async with world.database.transaction() as session:
                await expire_codes(session, now=NOW + fleeting, limit=2)

    async def meddle() -> None:
        for _ in range(10):
            await world.rows("UPDATE tenants SET version = version + 1")

    async def take_back(code: str) -> None:
        async with world.database.transaction() as session:
            await revoke.revoke_code(session, **world.place, typed=code, now=NOW)

    work = [give(world, code, n % 5, claim=claim) for n, code in enumerate(codes)]
    await asyncio.gather(*work, sweep(), meddle(), *(outcome(take_back(code)) for code in codes[::7]))
    assert await world.one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    lifetimes = await world.one("SELECT count(*) FROM memberships WHERE plan_id = :plan", plan=lifetime)
    assert await world.one("SELECT lifetime_used FROM tenants") == lifetimes
