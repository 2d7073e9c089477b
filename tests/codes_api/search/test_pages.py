"""What a page costs: codes read, not time. It may not grow with what the filters leave out. (Batches are a thousand times
fewer, and may be read.)"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from codes_api.codes import pages
from codes_api.codes.expire import expire_codes
from codes_api.codes.filters import batch_fits, has_status
from codes_api.codes.models import AccessCode
from codes_api.codes.search import CodeFilters, codes_after, list_codes
from codes_api.codes.status import CodeStatus
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_world import NOW, World

DAY = timedelta(days=1)
LIMIT = 4


async def read(session: AsyncSession) -> int:
    """Codes and tombstones that this transaction has read so far."""
    query = (
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_xact_user_tables WHERE relname = 'access_codes'"
    )
    return int((await session.execute(text(query))).scalar_one())


async def cost(world: World, filters: CodeFilters) -> tuple[int, int]:
    """How many codes a first page reads, and how many it has."""
    async with world.database.transaction() as session:
        # With so few rows PostgreSQL would rather read whole tables.
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        before = await read(session)
        found, _ = await list_codes(session, **world.place, filters=filters, limit=LIMIT, cursor=None, now=NOW + 2 * DAY)
        return await read(session) - before, len(found)


async def stocked(world: World, times: int) -> dict[str, UUID]:
    """What is looked for is old, and between and above it lie batches of other kinds, `times` of each."""
    plans = {name: await world.plan(name=name) for name in ("rare", "common")}
    for expires_in in (DAY, 5 * DAY, None):
        await world.batch(plans["rare"], 3, expires_in=expires_in)
    await _redeem(world, await world.batch(plans["common"], 2))
    for _ in range(times):
        await world.batch(plans["common"], 2, expires_in=9 * DAY)
        await world.batch(plans["common"], 2)
        await world.batch(plans["common"], 2, expires_in=DAY / 2)
        await _redeem(world, await world.batch(plans["common"], 2, expires_in=3 * DAY))
    async with world.database.transaction() as session:
        await expire_codes(session, now=NOW + DAY / 2)
    await world.rows("ANALYZE access_codes, batches")
    return plans


async def _redeem(world: World, batch: UUID) -> None:
    await world.rows(
        "UPDATE access_codes SET redeemed_at = :now, redeemed_by = 7, membership_id = gen_random_uuid() WHERE batch_id = :batch",
        now=NOW, batch=batch,
    )  # fmt: skip


def wishes(plan_id: UUID) -> list[CodeFilters]:
    return [
        CodeFilters(),
        *(CodeFilters(status=status) for status in CodeStatus),
        CodeFilters(plan_id=plan_id),
        *(CodeFilters(plan_id=plan_id, status=status) for status in CodeStatus),
        CodeFilters(expires_after=NOW + 4 * DAY, expires_before=NOW + 6 * DAY, plan_id=plan_id),
        CodeFilters(expires_before=NOW + 2 * DAY, status=CodeStatus.EXPIRED),
    ]


async def test_a_page_reads_no_more_among_many_than_among_few(world: World) -> None:
    few, many = world, await world.another()
    costs = []
    for owner, times in ((few, 2), (many, 15)):
        plans = await stocked(owner, times)
        costs.append([await cost(owner, filters) for filters in wishes(plans["rare"])])
    for filters, (read_few, _), (read_many, found) in zip(wishes(UUID(int=0)), *costs, strict=True):
        # A batch or two more, because a page that was not full among few can be full among many.
        assert read_many <= read_few + 12, (filters, read_few, read_many, found)


async def test_without_the_walk_a_page_reads_all_that_is_in_the_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same filters asked of each code."""
    plans = await stocked(world, 15)
    filters = CodeFilters(plan_id=plans["rare"], status=CodeStatus.UNREDEEMED)
    walked, found = await cost(world, filters)

    def nothing_of_batches(filters: CodeFilters, of: Any, now: Any) -> Any:
        return []

    def of_codes(status: CodeStatus | None) -> Any:
        return [*has_status(status), *batch_fits(filters, AccessCode, NOW + 2 * DAY)]

    monkeypatch.setattr(pages, "batch_fits", nothing_of_batches)
    monkeypatch.setattr(pages, "has_status", of_codes)
    straight, same = await cost(world, filters)
    assert found == same > 0
    assert straight > 3 * walked


async def test_both_directions_meet_the_same_codes(world: World) -> None:
    plans = await stocked(world, 2)
    for filters in wishes(plans["rare"]):
        both = []
        for oldest_first in (False, True):
            seen: list[str] = []
            after = None
            while True:
                async with world.database.transaction() as session:
                    found = await codes_after(
                        session,
                        **world.place,
                        filters=filters,
                        limit=7,
                        after=after,
                        now=NOW + 2 * DAY,
                        oldest_first=oldest_first,
                    )
                seen += [code.code for code in found]
                if len(found) < 7:
                    break
                after = found[-1].place
            both.append(seen)
        assert both[0] == both[1][::-1], filters


async def test_pieces_that_many_imported_codes_begin_with_are_met_on_the_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more codes begin alike than can be sorted in a moment, the list is walked; what is found is the same."""
    plan_id = await world.plan()
    for number in range(4):
        batch = await world.batch(plan_id, 3, imported=True)
        await world.rows(
            "UPDATE access_codes SET code = 'SPRING-' || :number || position WHERE batch_id = :batch",
            number=str(number),
            batch=batch,
        )
    await world.batch(plan_id, 3)
    await world.rows("UPDATE projects SET has_imports = true")

    async def found() -> list[str]:
        async with world.database.transaction() as session:
            rows, _ = await list_codes(session, **world.place, filters=CodeFilters(q="spring-"), limit=100, cursor=None, now=NOW)
        return [row.code for row in rows]

    sorted_ = await found()
    assert len(sorted_) == 12
    monkeypatch.setattr(pages, "MANY", 11)
    assert await found() == sorted_
