"""How long a membership lasts (M1), in Python and in SQL."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from codes_api.codes.redeem import redeem
from codes_api.codes.redeem_statement import DAYS, MONTHS, end_after
from codes_api.memberships.periods import LATEST, period_end, period_in_words
from codes_api.memberships.plans import LONGEST
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.support.codes_world import World

moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
UNITS = ("day", "week", "month", "year")


@pytest.mark.parametrize(
    ("start", "unit", "count", "periods", "end"),
    [
        ((2026, 1, 31), "month", 1, 1, (2026, 2, 28)),
        ((2026, 1, 31), "month", 1, 2, (2026, 3, 31)),
        ((2026, 1, 31), "month", 1, 3, (2026, 4, 30)),
        ((2028, 1, 31), "month", 1, 1, (2028, 2, 29)),
        ((2028, 2, 29), "year", 1, 1, (2029, 2, 28)),
        ((2028, 2, 29), "year", 1, 4, (2032, 2, 29)),
        ((2028, 2, 29), "month", 12, 4, (2032, 2, 29)),
        ((2026, 12, 31), "month", 2, 1, (2027, 2, 28)),
        ((2026, 2, 27), "day", 3, 1, (2026, 3, 2)),
        ((2026, 2, 27), "week", 2, 2, (2026, 3, 27)),
    ],
)
def test_the_calendar(start: tuple[int, int, int], unit: str, count: int, periods: int, end: tuple[int, int, int]) -> None:
    clock_time = timedelta(hours=23, minutes=59, seconds=59, microseconds=999_999)
    begun = datetime(*start, tzinfo=UTC) + clock_time
    assert period_end(begun, unit, count, periods) == datetime(*end, tzinfo=UTC) + clock_time


@given(moments, st.sampled_from(UNITS), st.integers(1, 120), st.integers(1, 20))
def test_more_periods_are_longer_and_the_day_is_kept_or_clamped(start: datetime, unit: str, count: int, periods: int) -> None:
    end, longer = period_end(start, unit, count, periods), period_end(start, unit, count, periods + 1)
    assert end is not None
    assert longer is not None
    assert start < end < longer
    assert end.timetz() == start.timetz()
    if unit in {"month", "year"}:
        assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


def test_lifetime_has_no_end() -> None:
    assert period_end(datetime(2026, 1, 1, tzinfo=UTC), "lifetime", 1, 5) is None


def test_ends_beyond_the_calendar_are_cut() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert period_end(start, "year", 10, 1000) == LATEST
    assert period_end(start, "day", 3650, 10_000) == LATEST


def test_in_words() -> None:
    assert [period_in_words("month", 1), period_in_words("week", 3), period_in_words("lifetime", 1)] == [
        "1 month",
        "3 weeks",
        "lifetime",
    ]


# As many as make the last days of months, leap days and long chains certain, in a few questions to the database.
cases = st.lists(
    st.tuples(moments, st.sampled_from((*UNITS, "lifetime")), st.integers(1, 3650), st.integers(1, 400)),
    min_size=100,
    max_size=200,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases)
async def test_sql_and_python_count_the_same(world: World, drawn: list[tuple[datetime, str, int, int]]) -> None:
    ends = [datetime(2027, month, 28, 12, tzinfo=UTC) + timedelta(days=day) for month in range(1, 13) for day in range(4)]
    drawn = [*drawn, *((start, "month", 1, periods) for start in ends for periods in (1, 2, 13))]
    drawn = [(start, unit, min(count, LONGEST[unit]), periods) for start, unit, count, periods in drawn]  # type: ignore[index]
    sql = text(
        f"SELECT CASE WHEN unit <> 'lifetime' THEN {end_after('start', 'periods')} END FROM ("
        f"SELECT n, start, periods, interval_unit AS unit, {MONTHS} AS months, {DAYS} AS days "
        "FROM unnest(CAST(:starts AS timestamptz[]), CAST(:units AS text[]), CAST(:counts AS int[]), CAST(:periods AS int[])) "
        "WITH ORDINALITY AS p(start, interval_unit, interval_count, periods, n)) AS drawn ORDER BY n"
    )
    starts, units, counts, periods = (list(column) for column in zip(*drawn, strict=True))
    async with world.database.transaction() as session:
        rows = await session.execute(sql, {"starts": starts, "units": units, "counts": counts, "periods": periods})
        counted = [end for (end,) in rows]
    assert counted == [period_end(*case) for case in drawn]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(moments, st.sampled_from([datetime(2028, 2, 29, 23, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)])),
    st.sampled_from(UNITS),
    st.integers(1, 10),
)
async def test_code_after_code_is_counted_from_the_start(world: World, start: datetime, unit: str, count: int) -> None:
    project = await world.another()
    codes = await project.codes(await project.plan(unit, count), 3)
    elsewhere = timezone(timedelta(hours=5, minutes=30))
    for periods, code in enumerate(codes, start=1):
        now = (start + timedelta(hours=periods - 1)).astimezone(elsewhere)
        given_ = await redeem(project.database, **project.place, typed=code, telegram_id=1, now=now)
        assert given_.membership.starts_at == start
        assert given_.membership.ends_at == period_end(start, unit, count, periods)
