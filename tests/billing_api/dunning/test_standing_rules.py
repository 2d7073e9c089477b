"""The pure rules of dunning and standing (`rules.md` D1, D2)."""

from datetime import UTC, datetime, timedelta

import pytest
from billing_api.accounts.standing import Books, Step, next_step_at, standing_at, steps_due
from billing_api.dunning.schedule import RETRY_DAYS, next_retry_at
from hypothesis import given
from hypothesis import strategies as st
from shared.contracts.accounts import Standing

START = datetime(2026, 2, 1, 10, tzinfo=UTC)
OWES = Books(START, anything_open=True)
PAID = Books(None, anything_open=False)
TICK = timedelta(microseconds=1)
DOWN = [Standing.GRACE, Standing.LOCKED, Standing.SUSPENDED, Standing.DELETABLE]
ages = st.timedeltas(timedelta(0), timedelta(days=120))


def test_eight_retries_on_their_days() -> None:
    moments, at = [], START
    while (following := next_retry_at(START, at)) is not None:
        moments.append(following)
        at = following
    assert [(moment - START).days for moment in moments] == list(RETRY_DAYS) == [1, 2, 4, 7, 11, 16, 22, 29]


@given(ages)
def test_the_next_retry_is_always_later_and_a_missed_day_does_not_come_back(age: timedelta) -> None:
    following = next_retry_at(START, START + age)
    assert following is None or START + age < following <= START + timedelta(days=29)


@pytest.mark.parametrize(("days", "standing"), [(30, Standing.LOCKED), (60, Standing.SUSPENDED), (90, Standing.DELETABLE)])
def test_a_step_is_due_at_the_very_instant(days: int, standing: Standing) -> None:
    instant = START + timedelta(days=days)
    before = standing_at(START, instant - TICK)
    assert steps_due(before, OWES, now=instant - TICK) == []
    assert steps_due(before, OWES, now=instant) == [Step(standing, instant)]
    assert next_step_at(before, OWES) == instant


@given(ages)
def test_whoever_looks_late_takes_every_step_once_in_order(age: timedelta) -> None:
    steps = steps_due(Standing.ACTIVE, OWES, now=START + age)
    assert [step.to for step in steps] == DOWN[: len(steps)]
    assert steps[-1].to is standing_at(START, START + age)
    assert steps_due(steps[-1].to, OWES, now=START + age) == []


@given(st.lists(ages, min_size=1, max_size=8))
def test_looking_often_takes_the_same_steps_as_looking_once(looks: list[timedelta]) -> None:
    standing, taken = Standing.ACTIVE, []
    for look in sorted(looks):
        for step in steps_due(standing, OWES, now=START + look):
            standing = step.to
            taken.append(step)
    assert taken == steps_due(Standing.ACTIVE, OWES, now=START + max(looks))


@pytest.mark.parametrize("standing", DOWN)
def test_everything_paid_leads_back(standing: Standing) -> None:
    assert steps_due(standing, PAID, now=START) == [Step(Standing.ACTIVE, START)]
    assert next_step_at(Standing.ACTIVE, PAID) is None


def test_a_lock_ends_only_when_nothing_is_open() -> None:
    younger = Books(START + timedelta(days=20), anything_open=True)
    now = START + timedelta(days=35)
    assert steps_due(Standing.LOCKED, younger, now=now) == []
    assert next_step_at(Standing.LOCKED, younger) == START + timedelta(days=80), "the next step comes later"
    being_charged = Books(None, anything_open=True)
    assert steps_due(Standing.LOCKED, being_charged, now=now) == []
    assert steps_due(Standing.GRACE, being_charged, now=now) == [Step(Standing.ACTIVE, now)]


def test_deletion_is_the_operators_choice_an_hour_after_the_last_word_and_final() -> None:
    at = START + timedelta(days=90, hours=1)
    assert steps_due(Standing.DELETABLE, OWES, now=at + timedelta(days=900)) == []
    assert steps_due(Standing.DELETABLE, OWES, now=at - TICK, deletes=True) == []
    assert steps_due(Standing.DELETABLE, OWES, now=at, deletes=True) == [Step(Standing.DELETED, at)]
    assert steps_due(Standing.DELETED, PAID, now=at, deletes=True) == []
