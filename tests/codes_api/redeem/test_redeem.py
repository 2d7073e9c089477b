"""Redeeming a code: what a member gets, and what they are told if they get nothing (C1-C8, M1-M4)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from codes_api.codes.alphabet import check_symbol, new_code, shown
from codes_api.codes.errors import (
    CodeAlreadyRedeemedError,
    CodeExpiredError,
    CodeMistypedError,
    CodeRevokedError,
    CodeUnknownError,
    LifetimeLimitReachedError,
)
from codes_api.codes.redeem import redeem
from codes_api.codes.redeem_statement import REDEEM
from codes_api.memberships.models import Membership
from codes_api.tenants.errors import AccountLockedError
from shared.contracts.redemptions import Redemption
from shared.errors import AppError, NotFoundError

from tests.support.codes_world import NOW, World

ANNA, BEN = 1001, 1002


async def give(world: World, typed: str, telegram_id: int = ANNA, now: datetime = NOW) -> Redemption:
    return await redeem(world.database, **world.place, typed=typed, telegram_id=telegram_id, now=now)


async def refused(world: World, typed: str, telegram_id: int = ANNA, now: datetime = NOW) -> AppError:
    with pytest.raises(AppError) as caught:
        await give(world, typed, telegram_id, now)
    return caught.value


async def test_a_code_gives_its_plans_membership(world: World) -> None:
    plan_id = await world.plan("month", name="Gold", price_amount=1999)
    code = await world.code(plan_id)
    await world.webhook()
    given = await give(world, f"  {shown(code).lower()} ")
    assert (given.repeated, given.extended) == (False, False)
    assert given.membership.plan.name == "Gold"
    assert given.membership.plan.price.amount == 1999
    assert given.membership.plan.period == "1 month"
    assert given.membership.starts_at == NOW
    assert given.membership.ends_at == datetime(2026, 8, 1, 12, tzinfo=UTC)
    (row,) = await world.rows("SELECT redeemed_at, redeemed_by, membership_id FROM access_codes")
    assert tuple(row) == (NOW, ANNA, given.membership.id)
    (event,) = await world.events("access_code.redeemed")
    assert set(event) == {"project_id", "batch_id", "position", "membership_id", "periods"}
    assert (event["membership_id"], event["position"], event["periods"]) == (str(given.membership.id), 0, 1)
    assert code not in str(event)


async def test_twice_by_the_same_member_gives_the_same_membership(world: World) -> None:
    code = await world.code(await world.plan())
    first, second = await give(world, code), await give(world, code)
    assert second.repeated
    assert not second.extended
    assert second.membership == first.membership
    assert await world.one("SELECT periods FROM memberships") == 1
    assert await world.one("SELECT count(*) FROM refused_attempts") == 0


async def test_the_answer_of_a_repetition_survives_lock_end_and_a_later_membership(world: World) -> None:
    plan_id = await world.plan()
    one, two = await world.codes(plan_id, 2)
    first = await give(world, one)
    later = NOW + timedelta(days=60)
    second = await give(world, two, now=later)
    assert second.membership.id != first.membership.id
    await world.rows("UPDATE tenants SET standing = 'locked'")
    again = await give(world, one, now=later)
    assert again.repeated
    assert (again.membership.id, again.membership.status) == (first.membership.id, "ended")


async def test_by_another_member_it_is_already_redeemed(world: World) -> None:
    code = await world.code(await world.plan())
    await give(world, code, ANNA)
    assert isinstance(await refused(world, code, BEN), CodeAlreadyRedeemedError)
    assert await world.count(Membership) == 1


async def test_what_is_no_code_is_mistyped(world: World) -> None:
    for typed in ("hello", " ", "ABCD", "U" * 16, "\0" * 16, "4" * 17):
        assert isinstance(await refused(world, typed), CodeMistypedError)


async def test_a_wrong_check_symbol_is_mistyped_without_a_look_up(world: World) -> None:
    body = "0" * 15
    wrong = body + ("1" if check_symbol(body) != "1" else "2")
    plan_id = await world.plan()
    await world.code(plan_id)
    # Even if such a code stood in the table, it would not be found.
    await world.rows("UPDATE access_codes SET code = :code", code=wrong)
    assert isinstance(await refused(world, wrong), CodeMistypedError)


async def test_an_unknown_code_and_another_projects_code_are_unknown(world: World) -> None:
    neighbour = await world.another()
    theirs = await neighbour.code(await neighbour.plan())
    assert isinstance(await refused(world, new_code()), CodeUnknownError)
    assert isinstance(await refused(world, theirs), CodeUnknownError)
    await give(neighbour, theirs)


async def test_a_code_can_be_redeemed_until_the_instant_of_its_expiry(world: World) -> None:
    one, two = await world.codes(await world.plan(), 2, expires_in=timedelta(days=1))
    end = NOW + timedelta(days=1)
    await give(world, one, now=end - timedelta(microseconds=1))
    error = await refused(world, two, now=end)
    assert isinstance(error, CodeExpiredError)
    assert error.extensions == {"expired_at": "2026-07-02T12:00:00Z"}


async def test_a_revoked_code(world: World) -> None:
    code = await world.code(await world.plan())
    await world.rows("UPDATE access_codes SET revoked_at = :now", now=NOW)
    assert isinstance(await refused(world, code), CodeRevokedError)


async def test_grace_restricts_nothing(world: World) -> None:
    await world.rows("UPDATE tenants SET standing = 'grace'")
    await give(world, await world.code(await world.plan()))


async def test_a_locked_account_redeems_nothing(world: World) -> None:
    code = await world.code(await world.plan())
    for standing in ("locked", "suspended", "deletable", "deleted"):
        await world.rows("UPDATE tenants SET standing = :standing", standing=standing)
        assert isinstance(await refused(world, code), AccountLockedError)


async def test_codes_of_an_archived_project_are_unknown(world: World) -> None:
    code = await world.code(await world.plan())
    await world.rows("UPDATE projects SET archived_at = :now", now=NOW)
    assert isinstance(await refused(world, code), CodeUnknownError)


async def test_a_project_that_is_not_there(world: World) -> None:
    neighbour = await world.another()
    code = await world.code(await world.plan())
    for typed in (code, "nonsense"):
        with pytest.raises(NotFoundError):
            await redeem(
                world.database,
                account_id=neighbour.account_id,
                project_id=world.project_id,
                typed=typed,
                telegram_id=ANNA,
                now=NOW,
            )
    with pytest.raises(NotFoundError):
        await redeem(world.database, account_id=uuid4(), project_id=uuid4(), typed=code, telegram_id=ANNA, now=NOW)


async def test_a_plan_made_inactive_later_still_works(world: World) -> None:
    code = await world.code(await world.plan(active=False, access_codes_only=True))
    await give(world, code)


async def test_the_same_plan_again_extends_from_the_present_end(world: World) -> None:
    start = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
    codes = await world.codes(await world.plan("month"), 3)
    ends = []
    for step, code in enumerate(codes):
        given = await give(world, code, now=start + timedelta(days=step))
        ends.append(given.membership.ends_at)
        assert given.extended == (step > 0)
    assert ends == [datetime(2027, 2, 28, 9, 30, tzinfo=UTC), datetime(2027, 3, 31, 9, 30, tzinfo=UTC),
                    datetime(2027, 4, 30, 9, 30, tzinfo=UTC)]  # fmt: skip
    assert await world.count(Membership) == 1


async def test_another_plan_is_a_second_membership(world: World) -> None:
    await give(world, await world.code(await world.plan("month")))
    second = await give(world, await world.code(await world.plan("week", 3)))
    assert not second.extended
    assert second.membership.plan.period == "3 weeks"
    assert second.membership.ends_at == NOW + timedelta(days=21)
    assert await world.count(Membership) == 2


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=3)])
async def test_a_membership_that_is_over_is_not_extended_but_followed_by_a_new_one(world: World, late: timedelta) -> None:
    one, two = await world.codes(await world.plan("week"), 2)
    first = await give(world, one)
    assert first.membership.ends_at is not None
    now = first.membership.ends_at + late
    second = await give(world, two, now=now)
    assert not second.extended
    assert (second.membership.starts_at, second.membership.ends_at) == (now, now + timedelta(days=7))
    rows = await world.rows("SELECT status, closed_at FROM memberships ORDER BY id")
    assert [tuple(row) for row in rows] == [("ended", first.membership.ends_at), ("active", None)]


async def test_a_cancelled_membership_is_followed_by_a_new_one(world: World) -> None:
    one, two = await world.codes(await world.plan(), 2)
    first = await give(world, one)
    await world.rows("UPDATE memberships SET status = 'cancelled', closed_at = :now", now=NOW)
    second = await give(world, two)
    assert second.membership.id != first.membership.id
    assert not second.extended


async def test_lifetime_has_no_end_and_counts_once_a_membership(world: World) -> None:
    await world.rows("UPDATE tenants SET lifetime_limit = 1")
    one, two = await world.codes(await world.plan("lifetime"), 2)
    given = await give(world, one)
    assert given.membership.ends_at is None
    assert given.membership.plan.period == "lifetime"
    # The limit is reached, but this adds no membership.
    again = await give(world, two)
    assert again.extended
    assert again.membership.id == given.membership.id
    assert again.membership.ends_at is None
    assert await world.one("SELECT lifetime_used FROM tenants") == 1


async def test_at_the_lifetime_limit_the_code_stays_and_the_creator_is_told_once_a_day(world: World) -> None:
    await world.rows("UPDATE tenants SET lifetime_limit = 1")
    plan_id = await world.plan("lifetime")
    one, two = await world.codes(plan_id, 2)
    await give(world, one, ANNA)
    for hours in (0, 1, 24):
        assert isinstance(await refused(world, two, BEN, NOW + timedelta(hours=hours)), LifetimeLimitReachedError)
    notices = await world.events("creator.notice_requested")
    assert notices == [{"project_id": str(world.project_id), "kind": "lifetime_limit_reached", "params": {}}] * 2
    # Other plans are not concerned, and a larger limit lets the same code through.
    await give(world, await world.code(await world.plan("month")), BEN)
    await world.rows("UPDATE tenants SET lifetime_limit = 2")
    await give(world, two, BEN)
    assert await world.one("SELECT lifetime_used FROM tenants") == 2


async def test_a_limit_lowered_under_its_use_refuses_and_breaks_nothing(world: World) -> None:
    await world.rows("UPDATE tenants SET lifetime_limit = 3, lifetime_used = 5")
    assert isinstance(await refused(world, await world.code(await world.plan("lifetime"))), LifetimeLimitReachedError)


async def test_refused_attempts_are_kept_with_who_what_and_why(world: World) -> None:
    code = await world.code(await world.plan())
    await give(world, code, ANNA)
    await refused(world, f"code_{shown(code)}", BEN)
    await refused(world, "x" * 500 + "\0", BEN)
    rows = await world.rows("SELECT telegram_id, typed, code, reason, attempted_at FROM refused_attempts ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (BEN, f"code_{shown(code)}", code, "code_already_redeemed", NOW),
        (BEN, "x" * 64, None, "code_mistyped", NOW),
    ]


async def test_success_is_one_statement(world: World) -> None:
    """One round trip: nothing before it, nothing after it, and none of the helpers of a transaction."""
    one, two = await world.codes(await world.plan("lifetime"), 2)
    await give(world, one)  # opens the connection
    sent: list[str] = []
    pool = world.database._hot
    assert pool is not None
    async with pool.acquire() as connection:
        connection.add_query_logger(lambda record: sent.append(record.query))
    await give(world, two, BEN)
    assert sent == [REDEEM]


async def test_the_event_is_written_where_a_webhook_listens(world: World) -> None:
    one, two = await world.codes(await world.plan(), 2)
    await (await world.another()).webhook()
    await world.webhook(enabled=False)
    await give(world, one)
    assert await world.events("access_code.redeemed") == []
    await world.webhook()
    await give(world, two)
    assert [event["position"] for event in await world.events("access_code.redeemed")] == [1]
    assert await world.one("SELECT count(*) FROM outbox WHERE published_at IS NOT NULL") == 0
