"""Finding codes: any filters together, newest first, every row once."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from codes_api.codes.alphabet import shown
from codes_api.codes.expire import expire_codes, forget_tombstones
from codes_api.codes.search import CodeFilters, FoundCode, list_codes
from codes_api.codes.status import CodeStatus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.contracts.pages import InvalidCursorError, encode_cursor
from shared.ids import new_id

from tests.support.codes_world import NOW, World

DAY = timedelta(days=1)
LATER = NOW + 3 * DAY


async def page(
    world: World, filters: CodeFilters, limit: int = 100, cursor: str | None = None, now: datetime = LATER
) -> tuple[Sequence[FoundCode], str | None]:
    async with world.database.transaction() as session:
        return await list_codes(session, **world.place, filters=filters, limit=limit, cursor=cursor, now=now)


async def everything(world: World, filters: CodeFilters, limit: int = 100) -> list[FoundCode]:
    found: list[FoundCode] = []
    cursor: str | None = None
    while True:
        rows, cursor = await page(world, filters, limit, cursor)
        assert len(rows) <= limit
        found += rows
        if cursor is None:
            return found


@pytest.fixture
async def stocked(world: World) -> World:
    """Two plans, batches that expired (one of them swept), that will, and that never do; of each a code redeemed, one
    revoked, the rest neither. A neighbour with the same."""
    for owner in (world, await world.another()):
        for name in ("Gold", "Silver"):
            plan = await owner.plan(name=name)
            for expires_in in (DAY, 2 * DAY, 10 * DAY, None):
                batch = await owner.batch(plan, 6, expires_in=expires_in, label=f"{name} {expires_in}")
                await owner.rows(
                    "UPDATE access_codes SET redeemed_at = :now, redeemed_by = 7, membership_id = :id"
                    " WHERE batch_id = :batch AND position = 0",
                    now=NOW, id=new_id(), batch=batch,
                )  # fmt: skip
                await owner.rows(
                    "UPDATE access_codes SET revoked_at = :now WHERE batch_id = :batch AND position = 1", now=NOW, batch=batch
                )
    async with world.database.transaction() as session:
        assert await expire_codes(session, now=NOW + DAY) == 4 * 4
    return world


def holds(code: FoundCode, filters: CodeFilters) -> bool:
    """What the filters mean, said once more."""
    status = filters.status is None or code.status_at(LATER) == filters.status
    plan = filters.plan_id is None or code.plan_id == filters.plan_id
    batch = filters.batch_id is None or code.batch_id == filters.batch_id
    expires = code.expires_at
    after = filters.expires_after is None or (expires is not None and expires >= filters.expires_after)
    before = filters.expires_before is None or (expires is not None and expires < filters.expires_before)
    typed = (filters.q or "").replace("-", "").strip().upper()
    alike = code.code.startswith(typed) or (len(typed) == 4 and code.code.endswith(typed))
    return status and plan and batch and after and before and alike


async def test_every_combination_of_filters(stocked: World) -> None:
    full = await everything(stocked, CodeFilters())
    assert len(full) == 2 * 4 * 6
    assert [code.place for code in full] == sorted((code.place for code in full), reverse=True)
    assert {status: sum(code.status_at(LATER) == status for code in full) for status in CodeStatus} == {
        "unredeemed": 16,
        "redeemed": 8,
        "expired": 16,
        "revoked": 8,
    }
    some = full[20]
    combinations = itertools.product(
        [None, *CodeStatus],
        [None, some.plan_id, new_id()],
        [None, some.batch_id],
        [None, NOW + 2 * DAY],
        [None, NOW + 10 * DAY],
        [None, some.code[:1]],
    )
    for status, plan_id, batch_id, after, before, q in combinations:
        filters = CodeFilters(status, plan_id, batch_id, after, before, q)
        expected = [code for code in full if holds(code, filters)]
        assert list((await page(stocked, filters))[0]) == expected, filters


async def test_pages_of_any_size_hold_the_same(stocked: World) -> None:
    for status in (None, CodeStatus.EXPIRED, CodeStatus.UNREDEEMED):
        filters = CodeFilters(status=status)
        whole = await everything(stocked, filters)
        for limit in (1, 7, 15, 16, 17, 47, 48, 49):
            assert await everything(stocked, filters, limit) == whole


async def test_a_code_is_found_in_any_form_by_its_beginning_and_by_its_last_group(stocked: World) -> None:
    full = await everything(stocked, CodeFilters())
    for code in (full[0], full[20], full[-1]):
        for q in (
            shown(code.code),
            code.code.lower(),
            f"code_{code.code}",
            f" {code.code[:12]}",
            shown(code.code)[:9],
            code.code[-4:].lower(),
            code.code.replace("0", "O").replace("1", "l"),
        ):
            found = await everything(stocked, CodeFilters(q=q))
            assert code in found, q
            assert all(holds(one, CodeFilters(q=q)) for one in found if len(q) <= 9)


async def test_what_can_be_no_piece_of_a_code_finds_nothing(stocked: World) -> None:
    for q in ("!", "U", "7" * 17, "\0", "%", "_", "----", "' OR 1=1"):
        assert await everything(stocked, CodeFilters(q=q)) == []


async def test_an_empty_search_is_none(stocked: World) -> None:
    assert len(await everything(stocked, CodeFilters(q="  "))) == 48


async def test_a_neighbours_codes_are_never_found(stocked: World) -> None:
    theirs = await stocked.rows("SELECT code, batch_id, plan_id FROM access_codes WHERE account_id <> :account LIMIT 1")
    ((code, batch_id, plan_id),) = theirs
    for filters in (CodeFilters(q=code), CodeFilters(batch_id=batch_id), CodeFilters(plan_id=plan_id)):
        assert await everything(stocked, filters) == []


async def test_a_cursor_of_another_list(world: World) -> None:
    place = str(new_id())
    made_here = [("no uuid", 1), (place,), (place, -1), (place, 2**40), (place, "1")]
    for cursor in ("", "x", "%%%", *(encode_cursor(*keys) for keys in made_here)):
        with pytest.raises(InvalidCursorError):
            await page(world, CodeFilters(), cursor=cursor)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(1, 9), st.sampled_from([None, CodeStatus.EXPIRED, CodeStatus.REDEEMED]))
async def test_every_row_once_while_others_come_and_go(world: World, seed: int, limit: int, status: CodeStatus | None) -> None:
    """Between any two pages new batches appear, due codes are swept into tombstones, and tombstones are forgotten. Rows
    that were there all the time are seen exactly once; none is seen twice."""
    random = Random(seed)  # noqa: S311
    owner = await world.another()
    plan = await owner.plan()

    async def arrive() -> None:
        expires_in = random.choice([None, DAY, 2 * DAY])
        await owner.batch(plan, random.randint(1, 6), expires_in=expires_in)

    async def meddle() -> None:
        match random.randrange(3):
            case 0:
                await arrive()
            case 1:
                async with owner.database.transaction() as session:
                    await expire_codes(session, now=LATER, limit=random.randint(1, 5))
            case _:
                async with owner.database.transaction() as session:
                    await forget_tombstones(session, now=LATER + DAY, keep_days=0, limit=1)

    for _ in range(4):
        await arrive()
    codes = await owner.rows("SELECT batch_id, position FROM access_codes WHERE account_id = :account AND expires_at IS NULL")
    for batch_id, position in random.sample(codes, len(codes) // 2):
        await owner.rows(
            "UPDATE access_codes SET redeemed_at = :now, redeemed_by = 7, membership_id = :id"
            " WHERE batch_id = :batch AND position = :position",
            now=NOW, id=new_id(), batch=batch_id, position=position,
        )  # fmt: skip
    filters = CodeFilters(status=status)
    before = await _codes(owner, filters)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        rows, cursor = await page(owner, filters, limit, cursor)
        seen += [code.code for code in rows]
        if cursor is None:
            break
        await meddle()
    after = await _codes(owner, filters)
    assert len(seen) == len(set(seen))
    assert before & after <= set(seen) <= before | after


async def _codes(world: World, filters: CodeFilters) -> set[Any]:
    return {code.code for code in await everything(world, filters)}
