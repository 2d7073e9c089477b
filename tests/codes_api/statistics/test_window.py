"""The days that are asked for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from codes_api.codes.statistics_window import WindowOutOfRangeError, days_between, window
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 7, 1, 23, 59, 59, 999999, tzinfo=UTC)
TODAY = NOW.date()


def test_thirty_days_end_today() -> None:
    first, last = window(None, None, now=NOW)
    assert (first, last, len(days_between(first, last))) == (date(2026, 6, 2), TODAY, 30)


def test_one_end_is_given() -> None:
    assert window(None, date(2026, 3, 1), now=NOW) == (date(2026, 1, 31), date(2026, 3, 1))
    assert window(date(2026, 6, 30), None, now=NOW) == (date(2026, 6, 30), TODAY)
    assert window(TODAY, None, now=NOW) == (TODAY, TODAY)


def test_where_the_calendar_begins_and_ends() -> None:
    assert window(None, date(1, 1, 5), now=NOW) == (date.min, date(1, 1, 5))
    assert window(date(9999, 1, 1), date.max, now=NOW) == (date(9999, 1, 1), date.max)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 7, 2), None), (date(2026, 2, 2), date(2026, 2, 1)), (date.min, date.max), (date(2025, 6, 30), None)],
)
def test_out_of_range(first: date, last: date | None) -> None:
    with pytest.raises(WindowOutOfRangeError) as raised:
        window(first, last, now=NOW)
    assert raised.value.extensions["errors"][0]["field"] == "from"


def test_a_leap_year_fits() -> None:
    first, last = window(date(2028, 1, 1), date(2028, 12, 31), now=NOW)
    assert len(days_between(first, last)) == 366


@given(first=st.dates(), days=st.integers(0, 400))
def test_every_day_once(first: date, days: int) -> None:
    try:
        last = first + timedelta(days=days)
    except OverflowError:
        return
    listed = days_between(first, last)
    assert (listed[0], listed[-1], len(set(listed))) == (first, last, days + 1)
    assert listed == sorted(listed)
