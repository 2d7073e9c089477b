"""The statement for many codes beside others that run at the same moment. Where they meet is not left to chance: a lock that a
test holds stops a statement in its middle. Each guard has a test that takes it out and must then see what it prevents."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import pytest
from asyncpg import DeadlockDetectedError
from codes_api.codes.expire import expire_codes
from codes_api.codes.redeem_claim import Asked, claim_set
from codes_api.codes.redeem_statement import IN_ORDER, REDEEM, REDEEM_SET, SHARED, SKIP_LOCKED, UNREDEEMED, set_statement
from codes_api.codes.refuse import Attempt
from codes_api.codes.revoke import revoke_code
from codes_api.memberships.models import Membership
from codes_api.tenants.end_memberships import end_account_memberships
from sqlalchemy import text

from tests.support.codes_world import NOW, World
from tests.support.races import until_waiting
from tests.support.redemptions import give

PATIENT: Final = "20s"
"""Instead of what a set waits at most, where it has to wait for the test."""
STOP: Final = "pg_advisory_xact_lock_shared(hashtext(c.code)) IS NOT NULL"
"""In the guard: stops before the row is locked, while the test holds the lock of the code's name (see `held`). The row was
found by then, as it was when the statement began."""


async def claim(world: World, asked: Sequence[tuple[str, int]], statement: str = REDEEM_SET) -> list[str]:
    """The codes of those that a set redeems, in the order in which they were asked for."""
    attempts = [Asked(Attempt(**world.place, telegram_id=member, typed=code, code=code, now=NOW)) for code, member in asked]
    rows = await claim_set(world.database, attempts, statement=statement)
    return [one.attempt.typed for one in attempts if one.new_id in rows]


def claiming(world: World, asked: Sequence[tuple[str, int]], statement: str) -> "asyncio.Task[list[str]]":
    return asyncio.create_task(claim(world, asked, statement))


@asynccontextmanager
async def held(world: World, *names: str) -> AsyncIterator[None]:
    """While the block lasts, whoever asks for these locks waits."""
    async with world.database.transaction() as session:
        for name in names:
            await session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
        yield


async def stop_before_memberships(world: World) -> None:
    """Have each membership that is written by a code wait for the lock of the code's name."""
    await world.rows(
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_advisory_xact_lock_shared(hashtext(NEW.code)); RETURN NEW; END'"
    )
    await world.rows("CREATE TRIGGER stop BEFORE INSERT ON memberships FOR EACH ROW EXECUTE FUNCTION stop()")


async def test_a_set_redeems_what_is_plain_and_leaves_out_the_rest(world: World) -> None:
    monthly, lifetime, daily = await world.plan(), await world.plan("lifetime"), await world.plan("day")
    good, running, *_ = await world.codes(monthly, 3)
    used, revoked, before = await world.codes(monthly, 3)
    expired = await world.code(monthly, expires_in=timedelta(0))
    forever = await world.code(lifetime)
    yesterday, lapsed = await world.codes(daily, 2)
    assert await give(world, used, 100) == "redeemed"
    assert await give(world, before, 2) == "redeemed"
    assert await give(world, yesterday, 8, NOW - timedelta(days=1)) == "redeemed"
    await world.rows("UPDATE access_codes SET revoked_at = :now WHERE code = :code", now=NOW, code=revoked)
    neighbour = await world.another()
    theirs = await neighbour.code(await neighbour.plan())
    codes = [good, running, used, revoked, expired, forever, theirs, lapsed]
    assert await claim(world, [(code, member) for member, code in enumerate(codes, 1)]) == [good, running]
    rows = await world.rows("SELECT telegram_id, periods, ends_at FROM memberships WHERE plan_id = :plan", plan=monthly)
    month, two_months = NOW.replace(month=8), NOW.replace(month=9)
    assert sorted(map(tuple, rows)) == [(1, 1, month), (2, 2, two_months), (100, 1, month)]
    by = "SELECT redeemed_by FROM access_codes WHERE code = :code AND redeemed_at = :now"
    assert [await world.one(by, code=code, now=NOW) for code in (good, running)] == [1, 2]


@pytest.mark.parametrize("standing", ["locked", "suspended", "deleted"])
async def test_a_set_of_a_restricted_account_redeems_nothing(world: World, standing: str) -> None:
    codes = await world.codes(await world.plan(), 2)
    await world.rows("UPDATE tenants SET standing = :standing", standing=standing)
    assert await claim(world, [(code, member) for member, code in enumerate(codes)]) == []
    await world.rows("UPDATE tenants SET standing = 'grace'")
    await world.rows("UPDATE projects SET archived_at = :now", now=NOW)
    assert await claim(world, [(code, member) for member, code in enumerate(codes)]) == []


async def test_its_events_are_those_of_single_redemptions(world: World) -> None:
    await world.webhook()
    codes = await world.codes(await world.plan(), 4)
    await give(world, codes[0], 1)
    await claim(world, [(codes[1], 1), (codes[2], 2)])
    first, *others = await world.events("access_code.redeemed")
    assert (first["position"], first["periods"]) == (0, 1)
    assert sorted((event["position"], event["periods"]) for event in others) == [(1, 2), (2, 1)]
    assert all(set(event) == set(first) for event in others)


_CHANGES = {
    "redeemed": "UPDATE access_codes SET redeemed_at = :now, redeemed_by = 7, membership_id = :id WHERE code = :code",
    "revoked": "UPDATE access_codes SET revoked_at = :now WHERE code = :code",
    "shortened": "UPDATE access_codes SET expires_at = :now WHERE code = :code",
    "swept": "UPDATE batches SET swept_at = expires_at WHERE id = (SELECT batch_id FROM access_codes WHERE code = :code)",
    "prolonged": "UPDATE access_codes SET expires_at = expires_at + interval '1 day' WHERE code = :code",
}


async def redeemed_after(world: World, change: str, statement: str) -> bool:
    """Whether a set redeems a code that was changed between the moment it was found and the moment it is locked."""
    plan_id = await world.plan()
    one, other = [await world.code(plan_id, expires_in=timedelta(days=1)) for _ in range(2)]
    async with held(world, one):
        redeeming = claiming(world, [(one, 1), (other, 2)], statement)
        await until_waiting(world.database, 1)
        await world.rows(_CHANGES[change], **_bound(change, one, world))
    redeemed = await redeeming
    assert other in redeemed
    return one in redeemed


def _bound(change: str, code: str, world: World) -> dict[str, object]:
    values = {"now": NOW, "id": world.project_id, "code": code}
    return {name: value for name, value in values.items() if f":{name}" in _CHANGES[change]}


@pytest.mark.parametrize("change", _CHANGES)
async def test_a_code_that_changes_while_a_set_is_about_to_lock_it_is_asked_again(world: World, change: str) -> None:
    redeemed = await redeemed_after(world, change, set_statement(f"{UNREDEEMED} AND {STOP}"))
    assert redeemed is (change == "prolonged")


async def test_without_the_guard_a_set_redeems_it_once_more(world: World) -> None:
    assert await redeemed_after(world, "redeemed", set_statement(STOP))


async def crossing_codes(world: World, if_locked: str) -> Sequence[list[str] | BaseException]:
    """Two sets with the same two codes in opposite order; the second begins when the first has its first code."""
    one, two = await world.codes(await world.plan(), 2)
    async with held(world, two):
        first = claiming(
            world, [(one, 1), (two, 2)], set_statement(f"{UNREDEEMED} AND {STOP}", if_locked=if_locked, patience=PATIENT)
        )
        await until_waiting(world.database, 1)
        second = claiming(world, [(two, 3), (one, 4)], set_statement(if_locked=if_locked, patience=PATIENT))
        if not if_locked:
            await until_waiting(world.database, 2)
        await asyncio.wait([second], timeout=None if if_locked else 0)
    return await asyncio.gather(first, second, return_exceptions=True)


async def test_two_sets_with_the_same_codes_never_wait_for_each_other(world: World) -> None:
    first, second = await crossing_codes(world, SKIP_LOCKED)
    assert not isinstance(first, BaseException)
    assert not isinstance(second, BaseException)
    assert len(first) == len(second) == 1
    assert first != second
    assert await world.count(Membership) == 2


async def test_waiting_for_codes_they_would_wait_in_a_circle(world: World) -> None:
    assert any(isinstance(result, DeadlockDetectedError) for result in await crossing_codes(world, ""))


async def crossing_members(world: World, in_order: str) -> Sequence[list[str] | BaseException]:
    """Two sets with the same two members in opposite order, each stopped before its second one."""
    await stop_before_memberships(world)
    a1, a2, b1, b2 = await world.codes(await world.plan(), 4)
    statement = set_statement(in_order=in_order, patience=PATIENT)
    async with held(world, a2, b1):
        sets = [claiming(world, [(a1, 1), (a2, 2)], statement), claiming(world, [(b2, 2), (b1, 1)], statement)]
        await until_waiting(world.database, 2)
    return await asyncio.gather(*sets, return_exceptions=True)


async def test_two_sets_with_the_same_members_take_them_in_one_order(world: World) -> None:
    results = await crossing_members(world, IN_ORDER)
    assert [len(result) for result in results if not isinstance(result, BaseException)] == [2, 2]
    assert await world.rows("SELECT telegram_id, periods FROM memberships ORDER BY telegram_id") == [(1, 2), (2, 2)]


async def test_without_the_order_they_would_wait_in_a_circle(world: World) -> None:
    assert any(isinstance(result, DeadlockDetectedError) for result in await crossing_members(world, ""))


async def suspended_meanwhile(world: World, ending: str | None) -> Sequence[list[str] | int | BaseException]:
    """A set extends two memberships; when it has the first, all of the account's are ended."""
    plan_id = await world.plan()
    first_of_2, first_of_1, one, two = await world.codes(plan_id, 4)
    before = NOW - timedelta(days=1)
    for code, member in ((first_of_2, 2), (first_of_1, 1)):  # so that their ids are in the other order
        await give(world, code, member, before)
    await stop_before_memberships(world)

    async def end() -> int:
        async with world.database.transaction() as session:
            if ending is None:
                return (await end_account_memberships(session, account_id=world.account_id, before=NOW, now=NOW)).done
            return len((await session.execute(text(ending))).all())

    async with held(world, two):
        redeeming = claiming(world, [(one, 1), (two, 2)], set_statement(patience=PATIENT))
        await until_waiting(world.database, 1)
        ended = asyncio.create_task(end())
        await until_waiting(world.database, 2)
    return await asyncio.gather(redeeming, ended, return_exceptions=True)


async def test_a_set_and_the_end_of_an_account_take_memberships_in_one_order(world: World) -> None:
    redeemed, ended = await suspended_meanwhile(world, None)
    assert isinstance(redeemed, list)
    assert (len(redeemed), ended) == (2, 2)
    assert await world.rows("SELECT DISTINCT status, periods FROM memberships") == [("cancelled", 2)]


async def test_in_another_order_they_would_wait_in_a_circle(world: World) -> None:
    results = await suspended_meanwhile(world, "SELECT FROM memberships WHERE status = 'active' ORDER BY id FOR UPDATE")
    assert any("deadlock" in str(result) for result in results)


async def test_a_set_does_not_wait_long_for_a_membership_that_somebody_is_writing(world: World) -> None:
    plan_id = await world.plan()
    first, *codes = await world.codes(plan_id, 3)
    await give(world, first, 1)
    async with world.database.transaction() as somebody:
        await somebody.execute(text("SELECT FROM memberships FOR UPDATE"))
        with pytest.raises(Exception, match="lock timeout"):
            async with asyncio.timeout(8):  # the pool's own patience is longer
                await claim(world, [(code, member) for member, code in enumerate(codes, 1)])
    # Its patience was its own, and nothing of it stayed.
    assert (await world.database.fetch_rows("SHOW lock_timeout"))[0]["lock_timeout"] == "10s"
    assert len(await claim(world, [(code, member) for member, code in enumerate(codes, 1)])) == 2
    assert await world.rows("SELECT telegram_id, periods FROM memberships ORDER BY telegram_id") == [(1, 2), (2, 1)]


@pytest.mark.parametrize("shared", [SHARED, ""])
async def test_a_sweep_leaves_a_batch_in_which_a_set_redeems(world: World, shared: str) -> None:
    """The negative control does not share the batch: the code is redeemed, and counted as expired as well."""
    await stop_before_memberships(world)
    code, _ = await world.codes(await world.plan(), 2, expires_in=timedelta(days=1))
    async with held(world, code):
        redeeming = claiming(world, [(code, 1)], set_statement(shared=shared, patience=PATIENT))
        await until_waiting(world.database, 1)
        async with world.database.transaction() as session:
            swept = await expire_codes(session, now=NOW + timedelta(days=1))
    assert await redeeming == [code]
    assert swept == (0 if shared else 2)


async def test_codes_that_a_sweep_or_a_revocation_holds_are_left_out_at_once(world: World) -> None:
    plan_id = await world.plan()
    held_code, free = await world.codes(plan_id, 2)
    swept = await world.code(plan_id, expires_in=timedelta(days=1))
    async with world.database.transaction() as session:
        await revoke_code(session, **world.place, typed=held_code, now=NOW)
        await expire_codes(session, now=NOW + timedelta(days=1))
        assert await claim(world, [(held_code, 1), (free, 2), (swept, 3)]) == [free]


@pytest.mark.parametrize("sql", [REDEEM, REDEEM_SET], ids=["one", "set"])
async def test_a_plan_made_among_no_codes_finds_them_by_their_index(world: World, sql: str) -> None:
    """It is kept as long as its connection: with ten million codes it must still be the right one."""
    await world.database.fetch_rows("SELECT 1")
    pool = world.database._hot
    assert pool is not None
    async with pool.acquire() as connection:
        await connection.execute(f"PREPARE asked AS {sql}")
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE asked ({', '.join(['NULL'] * 8)})")
    plan = [row[0].strip() for row in rows]
    reads = [at for at, line in enumerate(plan) if " on access_codes" in line and "Scan" in line]
    assert len(reads) == 2
    for at in reads:
        assert "Index Scan using uq_access_codes_account_id_project_id_code" in plan[at]
        assert "code)::text = " in plan[at + 1]
        assert plan[at + 1].startswith("Index Cond")
    assert not [line for line in plan if "Seq Scan" in line or "Hash" in line or "Merge" in line]
