"""Redemptions at the same moment as other things. Real transactions on real connections; each guard has a test that
takes it out and must then see the race that it prevents."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from codes_api.codes import revoke
from codes_api.codes.errors import CodeExpiredError
from codes_api.codes.expire import expire_codes
from codes_api.codes.models import Batch
from codes_api.codes.redeem import redeem
from codes_api.codes.redeem_statement import REDEEM, SHARED, UNREDEEMED, statement
from codes_api.memberships.cancel import cancel_membership
from codes_api.memberships.models import Membership
from shared.contracts.redemptions import Redemption
from shared.errors import AppError
from shared.ids import new_id
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_world import NOW, World
from tests.support.races import meet, overlapping

DAY = timedelta(days=1)


async def outcome(attempt: Coroutine[Any, Any, object]) -> str:
    try:
        result = await attempt
    except AppError as error:
        return error.problem_code
    if isinstance(result, Redemption):
        return "repeated" if result.repeated else "redeemed"
    return "done"


def give(
    world: World, code: str, telegram_id: int, now: datetime = NOW, with_statement: str = REDEEM
) -> Coroutine[Any, Any, str]:
    return outcome(redeem(world.database, **world.place, typed=code, telegram_id=telegram_id, now=now, statement=with_statement))


async def fifty_at_once(world: World, with_statement: str) -> Counter[str]:
    """Fifty members, one code; all stand in line behind a lock on its row and are let go together."""
    code = await world.code(await world.plan())
    async with world.database.transaction() as gate:
        await gate.execute(_lock(code))
        tries = [asyncio.create_task(give(world, code, 1000 + n, with_statement=with_statement)) for n in range(50)]
        await _until_waiting(world, 20)
    return Counter(await asyncio.gather(*tries))


_REDEEMED = (
    "UPDATE access_codes SET redeemed_at = expires_at - interval '1 second', redeemed_by = 7, membership_id = gen_random_uuid()"
    " WHERE code = :code"
)


def _lock(code: str) -> TextClause:
    return text("SELECT FROM access_codes WHERE code = :code FOR UPDATE").bindparams(code=code)


async def _until_waiting(world: World, sessions: int) -> None:
    """Until that many sessions of this database wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while await world.one(waiting) < sessions:  # another process has no event to wait for
            await asyncio.sleep(0.01)


async def test_fifty_members_and_one_code(world: World) -> None:
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


async def test_the_same_member_many_times_gets_one_period(world: World) -> None:
    code = await world.code(await world.plan())
    outcomes = Counter(await asyncio.gather(*(give(world, code, 7) for _ in range(20))))
    assert outcomes == {"redeemed": 1, "repeated": 19}
    assert await world.one("SELECT periods FROM memberships") == 1


@pytest.mark.parametrize("unit", ["month", "lifetime"])
async def test_two_codes_of_a_plan_at_once_are_one_membership_of_two_periods(world: World, unit: str) -> None:
    plan_id = await world.plan(unit)
    for member in range(15):
        codes = await world.codes(plan_id, 2)
        assert await asyncio.gather(*(give(world, code, member) for code in codes)) == ["redeemed", "redeemed"]
    rows = await world.rows("SELECT periods, count(*) FROM memberships GROUP BY periods")
    assert [tuple(row) for row in rows] == [(2, 15)]
    assert await world.one("SELECT lifetime_used FROM tenants") == (15 if unit == "lifetime" else 0)


async def test_many_codes_of_lapsed_members_at_once(world: World) -> None:
    """The slow path, where a membership is ended first, in a crowd: one new membership, every code counted in it."""
    codes = await world.codes(await world.plan("day"), 9)
    await give(world, codes[0], 7)
    later = NOW + timedelta(days=2)
    assert Counter(await asyncio.gather(*(give(world, code, 7, later) for code in codes[1:]))) == {"redeemed": 8}
    rows = await world.rows("SELECT status, periods, ends_at FROM memberships ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("ended", 1, NOW + DAY),
        ("active", 8, later + timedelta(days=8)),
    ]


@pytest.mark.parametrize("limit", [0, 1, 7])
async def test_a_lifetime_limit_with_many_claimants_is_reached_and_never_passed(world: World, limit: int) -> None:
    await world.rows("UPDATE tenants SET lifetime_limit = :limit", limit=limit)
    codes = await world.codes(await world.plan("lifetime"), 30)
    async with world.database.transaction() as gate:
        await gate.execute(text("SELECT FROM tenants FOR UPDATE"))
        tries = [asyncio.create_task(give(world, code, member)) for member, code in enumerate(codes)]
        if limit:
            await _until_waiting(world, 8)
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
        tries = [asyncio.create_task(give(world, code, member, with_statement=unasked)) for member, code in enumerate(codes)]
        await _until_waiting(world, 8)
    assert Counter(await asyncio.gather(*tries))["redeemed"] > 1


async def sweep(session: AsyncSession) -> int:
    return await expire_codes(session, now=NOW + DAY)


async def test_redeeming_while_the_sweep_runs(world: World) -> None:
    """Each code ends in one of two ways: redeemed with a membership, or a tombstone; never both, never neither."""
    plan_id = await world.plan()
    codes = [code for _ in range(20) for code in await world.codes(plan_id, 2, expires_in=DAY)]
    last = NOW + DAY - timedelta(microseconds=1)

    async def sweep_in_pieces() -> int:
        swept = 0
        for _ in range(20):
            async with world.database.transaction() as session:
                swept += await expire_codes(session, now=NOW + DAY, limit=3)
        return swept

    outcomes, first, second = await asyncio.gather(
        asyncio.gather(*(give(world, code, member, last) for member, code in enumerate(codes))),
        sweep_in_pieces(),
        sweep_in_pieces(),
    )
    seen = Counter(outcomes)
    assert seen["redeemed"] + seen["code_expired"] == 40
    async with world.database.transaction() as session:
        rest = await expire_codes(session, now=NOW + DAY)
    assert seen["redeemed"] == await world.count(Membership) == 40 - first - second - rest
    assert seen["code_expired"] == await world.tombstones()
    counted = sum(event["quantity"] for event in await world.events("access_codes.expired"))
    assert counted == await world.tombstones()


@pytest.mark.parametrize("shared", [SHARED, ""])
async def test_a_sweep_leaves_a_batch_in_which_a_code_is_being_redeemed(world: World, shared: str) -> None:
    """Until it is known what comes of it. The negative control does not share the batch: the code is redeemed, and counted
    as expired as well."""
    batch = await world.batch(await world.plan(), 2, expires_in=DAY)
    code, _ = await world.codes_of(batch)

    async def redeeming(session: AsyncSession) -> None:
        await session.execute(text("SELECT"))  # begins the transaction
        raw = await (await session.connection()).get_raw_connection()
        given = (world.account_id, world.project_id, code, 1, NOW, new_id(), new_id(), None)
        assert await cast("asyncpg.Connection", raw.driver_connection).fetchrow(statement(shared=shared), *given)

    _, meanwhile = await meet(world.database, redeeming, sweep)
    async with world.database.transaction() as session:
        afterwards = await sweep(session)
    assert (meanwhile, afterwards) == ((0, 1) if shared else (2, 0))
    assert await world.tombstones() == 1


@pytest.mark.parametrize("shared", [SHARED, ""])
async def test_a_code_whose_batch_is_being_swept_is_expired(world: World, shared: str) -> None:
    """The redemption waits for the batch, and holds nothing meanwhile. The negative control does not ask for it, and
    redeems what is counted already."""
    code = await world.code(await world.plan(), expires_in=DAY)
    async with world.database.transaction() as session:
        assert await sweep(session) == 1
        late = asyncio.create_task(give(world, code, 1, with_statement=statement(shared=shared)))
        if not shared:
            assert await late == "redeemed"
            return
        await _until_waiting(world, 1)
        async with world.database.transaction() as third:
            await third.execute(text("SELECT FROM access_codes FOR UPDATE NOWAIT"))
    assert await late == "code_expired"
    assert await world.count(Membership) == 0


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_code_whose_batch_is_being_swept_is_not_revoked(
    world: World, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    code = await world.code(await world.plan(), expires_in=DAY)
    if not guarded:

        async def unshared(session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID) -> Batch:
            return await session.get_one(Batch, (account_id, project_id, batch_id))

        monkeypatch.setattr(revoke, "share_batch", unshared)

    async def revoking(session: AsyncSession) -> None:
        await revoke.revoke_code(session, **world.place, typed=code, now=NOW)

    swept, refusal = await overlapping(world.database, sweep, revoking)
    assert swept == 1
    assert isinstance(refusal, CodeExpiredError) == guarded
    assert await world.tombstones() == (1 if guarded else 0)


async def test_a_batch_is_revoked_or_swept(world: World) -> None:
    batch = await world.batch(await world.plan(), 2, expires_in=DAY)

    async def revoking(session: AsyncSession) -> int:
        return await revoke.revoke_batch(session, **world.place, batch_id=batch, now=NOW)

    assert await meet(world.database, sweep, revoking) == (2, 0)
    assert await world.tombstones() == 2


async def test_a_change_that_leaves_the_code_good_lets_the_waiting_redemption_through(world: World) -> None:
    """What waits is asked again of the row as it has become, and goes on with it."""
    code = await world.code(await world.plan(), expires_in=DAY)
    async with world.database.transaction() as session:
        await session.execute(text("UPDATE access_codes SET expires_at = expires_at + interval '1 day'"))
        waiting = asyncio.create_task(give(world, code, 1, NOW))
        await _until_waiting(world, 1)
    assert await waiting == "redeemed"
    assert await world.one("SELECT redeemed_by FROM access_codes") == 1


async def test_redeeming_and_revoking_at_once(world: World) -> None:
    codes = await world.codes(await world.plan(), 30)

    async def take_back(code: str) -> str:
        async def in_transaction() -> None:
            async with world.database.transaction() as session:
                await revoke.revoke_code(session, **world.place, typed=code, now=NOW)

        return await outcome(in_transaction())

    async def both(member: int, code: str) -> tuple[str, str]:
        redeeming, revoking = give(world, code, member), take_back(code)
        if member % 2:
            second, first = await asyncio.gather(revoking, redeeming)
        else:
            first, second = await asyncio.gather(redeeming, revoking)
        return first, second

    pairs = Counter(await asyncio.gather(*(both(member, code) for member, code in enumerate(codes))))
    assert set(pairs) <= {("redeemed", "code_already_redeemed"), ("code_revoked", "done")}
    assert await world.count(Membership) == pairs["redeemed", "code_already_redeemed"]
    assert await world.one("SELECT count(*) FROM access_codes WHERE revoked_at IS NULL AND redeemed_at IS NULL") == 0


async def test_extending_and_cancelling_at_once(world: World) -> None:
    """Whoever is first: a cancelled membership never grows, and a redeemed code always has its membership."""
    plan_id = await world.plan()
    for member in range(10):
        one, two = await world.codes(plan_id, 2)
        first = await redeem(world.database, **world.place, typed=one, telegram_id=member, now=NOW)

        async def cancel(membership_id: Any) -> None:
            async with world.database.transaction() as session:
                await cancel_membership(session, **world.place, membership_id=membership_id, now=NOW)

        await asyncio.gather(give(world, two, member), outcome(cancel(first.membership.id)))
    rows = await world.rows(
        "SELECT m.status, count(c.*), max(m.periods) FROM memberships m"
        " LEFT JOIN access_codes c ON c.membership_id = m.id GROUP BY m.id, m.status"
    )
    assert sum(codes for _, codes, _ in rows) == 20
    assert all(codes == periods for _, codes, periods in rows)


async def test_no_deadlock_among_everything_at_once(world: World) -> None:
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

    work = [give(world, code, n % 5) for n, code in enumerate(codes)]
    await asyncio.gather(*work, sweep(), meddle(), *(outcome(take_back(code)) for code in codes[::7]))
    assert await world.one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    lifetimes = await world.one("SELECT count(*) FROM memberships WHERE plan_id = :plan", plan=lifetime)
    assert await world.one("SELECT lifetime_used FROM tenants") == lifetimes
