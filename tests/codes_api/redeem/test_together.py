"""Redemptions that come together: which of them share a statement, and that none of them is any the worse for the others."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from asyncpg import ConnectionDoesNotExistError, DivisionByZeroError, Record
from codes_api.codes import redeem_together
from codes_api.codes.redeem_statement import REDEEM_SET, set_statement
from codes_api.codes.redeem_together import MOST, Together
from codes_api.memberships.models import Membership
from shared.db import Database
from shared.request_id import bind_request_id
from shared.settings import sqlalchemy_url
from sqlalchemy import text
from typing_extensions import override

from tests.support.codes_world import World
from tests.support.races import until_waiting
from tests.support.redemptions import give

FOREVER = 3600.0
ALONE = 0


class Watched(Database):
    """Remembers for how many redemptions each statement was (`ALONE`: the one for one), and holds those back that a test wants
    to be under way."""

    def __init__(self, url: str) -> None:
        super().__init__(url, application_name="tests", pool_size=30)
        self.sent: list[int] = []
        self.go = asyncio.Event()
        self.go.set()
        self.fails: Exception | None = None
        self.failed: list[Exception] = []

    @override
    async def fetch_row(self, sql: str, *parameters: Any) -> Record | None:
        self.sent.append(ALONE)
        await self.go.wait()
        return await super().fetch_row(sql, *parameters)

    @override
    async def fetch_rows(self, sql: str, *parameters: Any) -> list[Record]:
        self.sent.append(len(parameters[1]))
        await self.go.wait()
        if self.fails is not None:
            raise self.fails
        try:
            return await super().fetch_rows(sql, *parameters)
        except Exception as error:
            self.failed.append(error)
            raise


@pytest.fixture
async def watched(codes_database_url: str) -> AsyncIterator[Watched]:
    database = Watched(sqlalchemy_url(codes_database_url))
    yield database
    await database.close()


@pytest.fixture
async def world(watched: Watched) -> World:
    return await World(watched).begin()


@pytest.fixture
async def together(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Together]:
    monkeypatch.setattr(redeem_together, "PATIENCE_S", FOREVER)
    one = Together(watched)
    yield one
    await one.close()


Tries = list[asyncio.Task[str]]


async def begun(world: World, together: Together, *asked: tuple[str, int]) -> Tries:
    """These members ask at the same moment; what can go at once has gone when this returns."""
    tries = [asyncio.create_task(give(world, code, member, claim=together.claim)) for code, member in asked]
    for _ in range(10):
        await asyncio.sleep(0)
    return tries


async def test_who_comes_alone_goes_alone_and_at_once(world: World, watched: Watched, together: Together) -> None:
    for member, code in enumerate(await world.codes(await world.plan(), 3)):
        (attempt,) = await begun(world, together, (code, member))
        assert watched.sent == [ALONE] * (member + 1)
        assert await attempt == "redeemed"
    assert together._lanes == {}
    assert together._tasks == set()


async def test_who_comes_meanwhile_goes_together(world: World, watched: Watched, together: Together) -> None:
    codes = await world.codes(await world.plan(), 2 * MOST + 7)
    watched.go.clear()
    first = await begun(world, together, (codes[0], 0))
    others = await begun(world, together, (codes[1], 1))
    others += await begun(world, together, *zip(codes[2:], range(2, len(codes)), strict=True))
    assert watched.sent == [ALONE]
    watched.go.set()
    assert set(await asyncio.gather(*first, *others)) == {"redeemed"}
    assert watched.sent == [ALONE, MOST, MOST, 6]
    assert await world.count(Membership) == len(codes)


async def test_a_code_and_a_member_are_in_a_set_once(world: World, watched: Watched, together: Together) -> None:
    one, two, three = await world.codes(await world.plan(), 3)
    tries = await begun(world, together, (one, 1), (one, 2), (two, 1), (three, 3))
    assert await asyncio.gather(*tries) == ["redeemed", "code_already_redeemed", "redeemed", "redeemed"]
    assert watched.sent == [2, ALONE, ALONE]
    rows = await world.rows("SELECT telegram_id, periods FROM memberships ORDER BY telegram_id")
    assert rows == [(1, 2), (3, 1)]


async def test_the_same_code_and_member_in_two_projects_are_two(world: World, watched: Watched, together: Together) -> None:
    other = World(watched, account_id=world.account_id)
    async with watched.transaction() as session:
        await session.execute(
            text("INSERT INTO projects (account_id, id, name, created_at) VALUES (:account, :id, 'Other', now())"),
            {"account": other.account_id, "id": other.project_id},
        )
    here, there = await world.code(await world.plan()), await other.code(await other.plan())
    await other.rows("UPDATE access_codes SET code = :here WHERE code = :there", here=here, there=there)
    tries = [asyncio.create_task(give(place, here, 1, claim=together.claim)) for place in (world, other)]
    assert await asyncio.gather(*tries) == ["redeemed", "redeemed"]
    assert watched.sent == [2]
    rows = await world.rows("SELECT project_id, periods FROM memberships ORDER BY 1")
    assert rows == [(world.project_id, 1), (other.project_id, 1)]


async def test_accounts_neither_mix_nor_wait_for_each_other(world: World, watched: Watched, together: Together) -> None:
    neighbour = await world.another()
    codes, theirs = await world.codes(await world.plan(), 3), await neighbour.codes(await neighbour.plan(), 3)
    watched.go.clear()
    first = await begun(world, together, (codes[0], 0))
    others = await begun(neighbour, together, *zip(theirs, range(3), strict=True))
    assert watched.sent == [ALONE, 3]
    watched.go.set()
    assert set(await asyncio.gather(*first, *others)) == {"redeemed"}


async def test_a_redemption_that_waits_for_somebody_does_not_hold_up_the_others(world: World, watched: Watched) -> None:
    together = Together(watched)
    stuck, *codes = await world.codes(await world.plan(), 4)
    async with watched.transaction() as somebody:
        await somebody.execute(text("SELECT FROM access_codes WHERE code = :code FOR UPDATE"), {"code": stuck})
        first = await begun(world, together, (stuck, 0))
        await until_waiting(world.database, 1)
        async with asyncio.timeout(8):  # a lock is waited for longer
            others = await begun(world, together, *zip(codes, range(1, 4), strict=True))
            assert await asyncio.gather(*others) == ["redeemed"] * 3
        assert not first[0].done()
    assert await first[0] == "redeemed"


async def test_a_membership_that_somebody_holds_keeps_its_member_only(world: World, watched: Watched, together: Together) -> None:
    first, *codes = await world.codes(await world.plan(), 5)
    await give(world, first, 0)
    async with watched.transaction() as somebody:
        await somebody.execute(text("SELECT FROM memberships FOR UPDATE"))
        tries = await begun(world, together, *zip(codes, range(4), strict=True))
        async with asyncio.timeout(8):
            assert await asyncio.gather(*tries[1:]) == ["redeemed"] * 3
        await until_waiting(world.database, 1)
    assert await tries[0] == "redeemed"
    assert await world.one("SELECT periods FROM memberships WHERE telegram_id = 0") == 2


async def test_who_leaves_takes_nobody_along(world: World, watched: Watched, together: Together) -> None:
    codes = await world.codes(await world.plan(), 5)
    watched.go.clear()
    alone, *_ = first = await begun(world, together, (codes[0], 0))
    before, during, *rest = await begun(world, together, *zip(codes[1:], range(1, 5), strict=True))
    before.cancel()  # while it waits for its turn
    alone.cancel()  # while its statement is under way
    await asyncio.wait([before, alone])
    watched.go.set()
    while len(watched.sent) < 2:
        await asyncio.sleep(0)
    during.cancel()  # while the set's statement is under way
    assert await asyncio.gather(*rest) == ["redeemed"] * 2
    assert watched.sent == [ALONE, 3]
    assert all(one.cancelled() for one in (*first, before, during))
    # Those who were under way may have their code. Asked again, it is theirs in any case.
    again = [await give(world, codes[n], n) for n in (0, 1, 2)]
    assert again[1] == "redeemed"
    assert set(again) <= {"redeemed", "repeated"}
    assert await world.count(Membership) == 5


async def test_what_a_set_leaves_out_is_asked_for_by_itself(world: World, watched: Watched, together: Together) -> None:
    codes = await world.codes(await world.plan("lifetime"), 5)
    tries = await begun(world, together, *zip(codes, range(5), strict=True))
    assert await asyncio.gather(*tries) == ["redeemed"] * 5
    assert watched.sent == [5, *[ALONE] * 5]


async def test_a_set_that_fails_is_asked_for_one_by_one(world: World, watched: Watched) -> None:
    broken = REDEEM_SET.replace("num_nulls(c.revoked_at) = 1", "1 / (c.position - 1) < 9")  # it divides by zero for one of them
    assert broken != REDEEM_SET
    together = Together(watched, statement=broken)
    codes = await world.codes(await world.plan(), 4)
    await world.rows("UPDATE access_codes SET revoked_at = now() WHERE code = :code", code=codes[3])
    tries = await begun(world, together, *zip(codes, range(4), strict=True))
    assert await asyncio.gather(*tries) == ["redeemed", "redeemed", "redeemed", "code_revoked"]
    assert [type(error) for error in watched.failed] == [DivisionByZeroError]
    assert watched.sent == [4, *[ALONE] * 4]


async def test_an_outage_is_everybodys_and_nobody_tries_again(world: World, watched: Watched, together: Together) -> None:
    codes = await world.codes(await world.plan(), 3)
    watched.fails = ConnectionDoesNotExistError("gone")
    results = await asyncio.gather(*await begun(world, together, *zip(codes, range(3), strict=True)), return_exceptions=True)
    assert all(isinstance(result, ConnectionDoesNotExistError) for result in results)
    assert watched.sent == [3]
    watched.fails = None
    tries = await begun(world, together, *zip(codes, range(3), strict=True))
    assert await asyncio.gather(*tries) == ["redeemed"] * 3


async def test_closing_lets_nobody_hang(world: World, watched: Watched, together: Together) -> None:
    codes = await world.codes(await world.plan(), 5)
    watched.go.clear()
    under_way = await begun(world, together, *zip(codes[:2], range(2), strict=True))
    waiting = await begun(world, together, *zip(codes[2:], range(2, 5), strict=True))
    await together.close()
    watched.go.set()
    assert await asyncio.gather(*under_way, *waiting) == ["redeemed"] * 5
    assert watched.sent == [2, *[ALONE] * 5]


async def test_each_event_names_its_own_request(world: World, watched: Watched, together: Together) -> None:
    await world.webhook()
    codes = await world.codes(await world.plan(), 3)

    async def request(code: str, member: int) -> str:
        bind_request_id(f"request-{member}")
        return await give(world, code, member, claim=together.claim)

    await asyncio.gather(*(request(code, member) for member, code in enumerate(codes)))
    assert watched.sent == [3]
    rows = await world.rows("SELECT (payload->>'position')::int, request_id FROM outbox ORDER BY 1")
    assert rows == [(member, f"request-{member}") for member in range(3)]


async def test_two_processes_with_the_same_codes_and_members(world: World, watched: Watched, codes_database_url: str) -> None:
    """Each code is redeemed once, each membership has the periods of its codes, and nobody waits in a circle."""
    codes = [code for plan in (await world.plan(), await world.plan("week")) for code in await world.codes(plan, 40)]
    other = Watched(sqlalchemy_url(codes_database_url))
    patient = set_statement(patience="20s")  # longer than it takes PostgreSQL to notice a circle
    here, there = Together(watched, statement=patient), Together(other, statement=patient)
    ask = partial(give, world)
    tries = [ask(code, (7 * n) % 9, claim=here.claim) for n, code in enumerate(codes)]
    tries += [ask(code, n % 9, claim=there.claim) for n, code in enumerate(reversed(codes))]
    outcomes = await asyncio.gather(*tries)
    await other.close()
    assert watched.failed == other.failed == []
    assert max(watched.sent) > 1
    assert max(other.sent) > 1
    assert outcomes.count("redeemed") == len(codes)
    assert set(outcomes) <= {"redeemed", "repeated", "code_already_redeemed"}
    periods = "SELECT periods, (SELECT count(*) FROM access_codes c WHERE c.membership_id = m.id) FROM memberships m"
    rows = await world.rows(periods)
    assert len(rows) <= 18
    assert all(had == redeemed for had, redeemed in rows)
    assert sum(had for had, _ in rows) == len(codes)
    assert await world.one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
