from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.calendar import add_months, month_period_containing, rfc3339

moments = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # made aware by hypothesis


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"),
        ("2026-01-31T10:00:00Z", 2, "2026-03-31T10:00:00Z"),
        ("2028-01-31T10:00:00Z", 1, "2028-02-29T10:00:00Z"),
        ("2028-02-29T00:00:00Z", 12, "2029-02-28T00:00:00Z"),
        ("2028-02-29T00:00:00Z", 48, "2032-02-29T00:00:00Z"),
        ("2026-12-15T23:59:59Z", 1, "2027-01-15T23:59:59Z"),
    ],
)
def test_add_months_keeps_the_day_and_clamps(anchor: str, months: int, expected: str) -> None:
    assert add_months(at(anchor), months) == at(expected)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_every_moment_lies_in_exactly_one_period(anchor: datetime, later: timedelta) -> None:
    moment = anchor + later
    start, end = month_period_containing(anchor, moment)
    assert start <= moment < end
    months = (start.year - anchor.year) * 12 + start.month - anchor.month
    assert (start, end) == (add_months(anchor, months), add_months(anchor, months + 1))


def test_a_period_begins_with_its_first_second_and_not_before() -> None:
    anchor = at("2026-01-31T10:00:00Z")
    turn = at("2026-02-28T10:00:00Z")
    assert month_period_containing(anchor, turn)[0] == turn
    assert month_period_containing(anchor, turn - timedelta(microseconds=1))[1] == turn


def test_before_the_anchor_there_is_no_period() -> None:
    with pytest.raises(ValueError, match="anchor"):
        month_period_containing(at("2026-01-31T10:00:00Z"), at("2026-01-31T09:59:59Z"))


def test_rfc3339_is_utc_with_a_z() -> None:
    assert rfc3339(at("2026-01-31T12:00:00+02:00")) == "2026-01-31T10:00:00Z"
