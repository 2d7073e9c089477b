"""Growing pauses for three days."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from codes_api.webhooks.schedule import GIVE_UP_AFTER, PAUSES, next_try
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 7, 1, 12, tzinfo=UTC)


def tries_of_a_dead_receiver() -> list[timedelta]:
    moments, at = [], START
    while True:
        moments.append(at - START)
        again = next_try(tried_since=START, tried_at=at, tries=len(moments))
        if again is None:
            return moments
        at = again


def test_the_whole_schedule() -> None:
    tries = tries_of_a_dead_receiver()
    hours = [round(moment.total_seconds() / 3600, 2) for moment in tries]
    assert hours == [0, 0, 0.08, 0.58, 2.58, 7.58, 17.58, 31.58, 51.58, 72]
    assert tries[1] == timedelta(seconds=5)
    assert tries[-1] == GIVE_UP_AFTER == timedelta(days=3)


def test_pauses_grow() -> None:
    tries = tries_of_a_dead_receiver()
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert list(PAUSES) == sorted(set(PAUSES))


def test_the_edges() -> None:
    late = START + GIVE_UP_AFTER
    moment = timedelta(microseconds=1)
    assert next_try(tried_since=START, tried_at=late, tries=2) is None
    assert next_try(tried_since=START, tried_at=late + moment, tries=2) is None
    assert next_try(tried_since=START, tried_at=late - moment, tries=2) == late


@given(st.timedeltas(timedelta(0), timedelta(days=10)), st.integers(1, 1000))
def test_a_next_try_is_later_and_within_three_days(since: timedelta, tries: int) -> None:
    again = next_try(tried_since=START, tried_at=START + since, tries=tries)
    if again is None:
        assert since >= GIVE_UP_AFTER
    else:
        assert START + since < again <= START + GIVE_UP_AFTER
