"""The figures: against what happened, one thing at a time, and against a count by hand."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from codes_api.codes.batches import get_batch
from codes_api.codes.expire import expire_codes, forget_tombstones
from codes_api.codes.models import AccessCode
from codes_api.codes.redeem import redeem
from codes_api.codes.revoke import revoke_batch, revoke_code
from codes_api.codes.statistics import _figures, code_statistics
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.contracts.statistics import CodeStatistics
from shared.errors import NotFoundError
from shared.ids import new_id
from sqlalchemy import Select, func, select
from sqlalchemy.dialects import postgresql

from tests.support.codes_world import NOW, World

FIRST, LAST = date(2026, 6, 2), date(2026, 7, 1)
Figures = tuple[int, int, int, int, int, int]


async def figures(world: World, batch_id: UUID | None = None, *, now: datetime = NOW, **days: date) -> CodeStatistics:
    window: dict[str, Any] = {"first": FIRST, "last": LAST, **days}
    async with world.database.transaction() as session:
        return await code_statistics(session, **world.place, batch_id=batch_id, now=now, **window)


def six(data: CodeStatistics) -> Figures:
    return data.generated, data.delivered, data.unredeemed, data.redeemed, data.expired, data.revoked


async def test_nothing_yet(world: World) -> None:
    data = await figures(world)
    assert six(data) == (0, 0, 0, 0, 0, 0)
    assert (data.project_name, data.batch_name, data.first_redeemed_at, data.last_redeemed_at) == ("Club", None, None, None)
    assert [day.date for day in data.redemptions_per_day] == [FIRST + timedelta(days=at) for at in range(30)]
    assert {day.redeemed for day in data.redemptions_per_day} == {0}


async def test_what_becomes_of_a_batch(world: World) -> None:
    plan_id = await world.plan()
    batch_id = await world.batch(plan_id, 10, expires_in=timedelta(days=3), delivered=4)
    codes = await world.codes_of(batch_id)
    assert six(await figures(world, batch_id)) == (10, 4, 10, 0, 0, 0)
    for at, code in enumerate(codes[:3]):
        await redeem(world.database, **world.place, typed=code, telegram_id=at + 1, now=NOW + timedelta(hours=at))
    async with world.database.transaction() as session:
        await revoke_code(session, **world.place, typed=codes[3], now=NOW)
    data = await figures(world, batch_id)
    assert six(data) == (10, 4, 6, 3, 0, 1)
    assert (data.first_redeemed_at, data.last_redeemed_at) == (NOW, NOW + timedelta(hours=2))
    assert data.redemptions_per_day[-1].redeemed == 3
    # The instant of the expiry, before the sweep came by; after it; and when even the tombstones are gone.
    end = NOW + timedelta(days=3)
    assert six(await figures(world, batch_id, now=end - timedelta(microseconds=1))) == (10, 4, 6, 3, 0, 1)
    assert six(await figures(world, batch_id, now=end)) == (10, 4, 0, 3, 6, 1)
    async with world.database.transaction() as session:
        assert await expire_codes(session, now=end) == 6
    assert six(await figures(world, batch_id, now=end)) == (10, 4, 0, 3, 6, 1)
    much_later = end + timedelta(days=401)
    async with world.database.transaction() as session:
        assert await forget_tombstones(session, now=much_later, keep_days=400) == 6
    assert six(await figures(world, batch_id, now=much_later)) == (10, 4, 0, 3, 6, 1)


async def test_a_project_is_all_its_batches_and_no_others(world: World) -> None:
    plan_id = await world.plan()
    ended = await world.batch(plan_id, 5, expires_in=timedelta(hours=1), delivered=5)
    kept = await world.batch(plan_id, 7, delivered=1)
    await world.batch(plan_id, 100, status="queued", generated_at=None)
    neighbour = await world.another()
    await redeem(world.database, **neighbour.place, typed=await neighbour.code(await neighbour.plan()), telegram_id=1, now=NOW)
    for batch_id in (ended, kept):
        (code, *_) = await world.codes_of(batch_id)
        await redeem(world.database, **world.place, typed=code, telegram_id=1, now=NOW)
    async with world.database.transaction() as session:
        await revoke_batch(session, **world.place, batch_id=kept, now=NOW)
    later = NOW + timedelta(hours=2)
    assert six(await figures(world, now=later)) == (12, 6, 0, 2, 4, 6)
    assert six(await figures(world, ended, now=later)) == (5, 5, 0, 1, 4, 0)
    assert six(await figures(world, kept, now=later)) == (7, 1, 0, 1, 0, 6)
    for batch_id in (ended, kept):  # and they agree with what the batch itself says
        async with world.database.transaction() as session:
            counts = (await get_batch(session, **world.place, batch_id=batch_id, now=later)).counts
        data = await figures(world, batch_id, now=later)
        assert (counts.unredeemed, counts.redeemed, counts.expired, counts.revoked) == six(data)[2:]


async def test_a_batch_that_is_not_generated_has_no_codes(world: World) -> None:
    queued = await world.batch(await world.plan(), 9, status="queued", generated_at=None, expires_in=timedelta(hours=1))
    for now in (NOW, NOW + timedelta(days=1)):
        assert six(await figures(world, queued, now=now)) == (0, 0, 0, 0, 0, 0)


async def test_how_a_batch_is_called(world: World) -> None:
    plan_id = await world.plan(name="Gold")
    assert (await figures(world, await world.batch(plan_id, 2, label="Spring"))).batch_name == "Spring"
    assert (await figures(world, await world.batch(plan_id, 2))).batch_name == "2 codes of Gold"
    assert (await figures(world, await world.batch(plan_id, 1))).batch_name == "1 code of Gold"


async def test_what_is_not_there(world: World) -> None:
    batch_id = await world.batch(await world.plan())
    neighbour = await world.another()
    own = await neighbour.batch(await neighbour.plan())
    for account_id, project_id, wanted in (
        (neighbour.account_id, world.project_id, None),
        (neighbour.account_id, world.project_id, batch_id),
        (neighbour.account_id, neighbour.project_id, batch_id),
        (world.account_id, world.project_id, own),
        (world.account_id, new_id(), None),
    ):
        async with world.database.transaction() as session:
            with pytest.raises(NotFoundError):
                await code_statistics(
                    session,
                    account_id=account_id,
                    project_id=project_id,
                    batch_id=wanted,
                    first=FIRST,
                    last=LAST,
                    now=NOW,
                )


MIDNIGHTS = st.integers(-3, 33).map(lambda day: datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=day))
NEAR_MIDNIGHT = st.builds(
    lambda midnight, away: midnight + timedelta(microseconds=away), MIDNIGHTS, st.sampled_from([-1, 0, 1, 3_600_000_000])
)
MOMENTS = NEAR_MIDNIGHT | st.datetimes(datetime(2026, 5, 29), datetime(2026, 7, 5), timezones=st.just(UTC))  # noqa: DTZ001  # its bounds are naive by contract


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(MOMENTS, min_size=1, max_size=30), zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"]))
async def test_days_are_those_of_utc(world: World, moments: list[datetime], zone: str) -> None:
    """Whatever the connection's time zone is, to the microsecond; and every redemption is in exactly one day."""
    batch_id = await world.batch(await world.plan(), len(moments) + 1)
    for position, moment in enumerate(moments):
        await world.rows(
            "UPDATE access_codes SET redeemed_at = :at, redeemed_by = 1, membership_id = account_id"
            " WHERE batch_id = :batch AND position = :position",
            at=moment,
            batch=batch_id,
            position=position,
        )
    async with world.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(f"SET LOCAL TIME ZONE '{zone}'")
        data = await code_statistics(session, **world.place, batch_id=batch_id, first=FIRST, last=LAST, now=NOW)
    expected = Counter(moment.date() for moment in moments)
    assert {day.date: day.redeemed for day in data.redemptions_per_day} == {
        day: expected[day] for day in (FIRST + timedelta(days=at) for at in range(30))
    }
    assert (data.redeemed, data.unredeemed) == (len(moments), 1)
    assert (data.first_redeemed_at, data.last_redeemed_at) == (min(moments), max(moments))


async def test_untouched_codes_are_not_looked_at(world: World) -> None:
    """What keeps it quick at ten million codes: only the redeemed and the revoked are read, off indexes of their own."""
    await world.batch(await world.plan(), 1000)
    await world.rows("ANALYZE access_codes")
    for batch_id in (None, new_id()):
        plan = await _plan(world, _figures(world.account_id, world.project_id, batch_id, NOW))
        assert "ix_access_codes_redeemed" in plan
        assert "ix_access_codes_revoked" in plan
        assert "Seq Scan on access_codes" not in plan
        assert "pk_access_codes" not in plan
    every = select(func.count(AccessCode.position)).where(AccessCode.account_id == world.account_id)
    assert "Seq Scan on access_codes" in await _plan(world, every)  # a plan does tell


async def _plan(world: World, query: Select[*tuple[Any, ...]]) -> str:
    sql = str(query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]
    return "\n".join(line for (line,) in await world.rows(f"EXPLAIN {sql}".replace(":", "\\:")))
