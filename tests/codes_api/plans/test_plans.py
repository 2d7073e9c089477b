"""Membership plans: price, period, what may be changed."""

import pytest
from codes_api.memberships.models import IntervalUnit
from codes_api.memberships.periods import period_end
from codes_api.memberships.plans import LONGEST

from tests.support.codes_api import Codes, Creator
from tests.support.codes_world import NOW

USD = {"amount": 1999, "currency": "USD"}


@pytest.fixture
async def creator(codes: Codes) -> Creator:
    return codes.creator()


@pytest.fixture
async def path(creator: Creator) -> str:
    return f"/projects/{(await creator.made('/projects', {'name': 'Club'}))['id']}/plans"


async def test_a_plan_lives(creator: Creator, path: str) -> None:
    made = await creator.post(path, {"name": " Monthly ", "price": USD, "interval": {"unit": "month", "count": 1}})
    assert made.status_code == 201
    plan = made.json()
    assert (plan["name"], plan["price"], plan["interval"]) == ("Monthly", USD, {"unit": "month", "count": 1})
    assert (plan["active"], plan["access_codes_only"]) == (True, False)

    changes = {"name": "Gold", "price": {"amount": 500, "currency": "JPY"}, "active": False, "access_codes_only": True}
    changed = await creator.ask("PATCH", f"{path}/{plan['id']}", changes)
    assert changed.json() == {**plan, **changes}
    assert (await creator.ask("PATCH", f"{path}/{plan['id']}", {})).json() == changed.json()
    assert await creator.get(f"{path}/{plan['id']}") == changed.json()
    assert (await creator.get(path)) == {"data": [changed.json()], "next_cursor": None}


async def test_periods(creator: Creator, path: str) -> None:
    cases = (
        ({"unit": "lifetime"}, 1),
        ({"unit": "lifetime", "count": None}, 1),
        ({"unit": "lifetime", "count": 1}, 1),
        ({"unit": "week", "count": 3}, 3),
        ({"unit": "day"}, 1),
    )
    for interval, count in cases:
        plan = await creator.made(path, {"name": "Plan", "price": {"amount": 0, "currency": "EUR"}, "interval": interval})
        assert plan["interval"] == {"unit": interval["unit"], "count": count}


async def test_a_plan_that_is_none(creator: Creator, path: str) -> None:
    cases: tuple[tuple[str, dict[str, object]], ...] = (
        ("name", {"name": " "}),
        ("price", {"price": None}),
        ("price.amount", {"price": {"amount": -1, "currency": "USD"}}),
        ("price.amount", {"price": {"amount": 19.99, "currency": "USD"}}),
        ("price.amount", {"price": {"amount": "1999", "currency": "USD"}}),
        ("price.amount", {"price": {"amount": 10**12 + 1, "currency": "USD"}}),
        ("price.currency", {"price": {"amount": 1, "currency": "usd"}}),
        ("price.currency", {"price": {"amount": 1, "currency": "ABC"}}),
        ("interval.unit", {"interval": {"unit": "hour", "count": 1}}),
        ("interval.count", {"interval": {"unit": "month", "count": 0}}),
        ("interval.count", {"interval": {"unit": "lifetime", "count": 2}}),
        ("interval.count", {"interval": {"unit": "year", "count": 11}}),
        ("interval.count", {"interval": {"unit": "day", "count": 3651}}),
        ("interval.count", {"interval": {"unit": "day", "count": True}}),
        ("active", {"active": True}),
        ("access_codes_only", {"access_codes_only": "no"}),
    )
    for field, changes in cases:
        body = {"name": "Plan", "price": USD, "interval": {"unit": "month", "count": 1}, **changes}
        refused = await creator.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), changes
        assert refused.json()["errors"][0]["field"] == field


async def test_a_change_that_is_none(creator: Creator, path: str) -> None:
    plan = await creator.made(path, {"name": "Plan", "price": USD, "interval": {"unit": "month", "count": 1}})
    for change in ({"name": None}, {"interval": {"unit": "day"}}, {"active": None}, {"price": {"amount": 1}}):
        refused = await creator.ask("PATCH", f"{path}/{plan['id']}", change)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), change
    assert await creator.get(f"{path}/{plan['id']}") == plan


@pytest.mark.parametrize("unit", [unit for unit in IntervalUnit if unit is not IntervalUnit.LIFETIME])
def test_the_longest_periods_fit_the_calendar_many_times_over(unit: IntervalUnit) -> None:
    end = period_end(NOW, unit, LONGEST[unit], periods=100)
    assert end is not None
    assert 2900 < end.year < 3100
