"""Who is a member: what the bot shows, what the creator lists and cancels."""

from datetime import datetime, timedelta
from typing import TypedDict, Unpack
from uuid import UUID

import pytest
from codes_api.codes.preview import preview
from codes_api.codes.redeem import redeem
from codes_api.memberships.cancel import cancel_membership
from codes_api.memberships.errors import MembershipEndedError
from codes_api.memberships.list import list_memberships
from codes_api.memberships.members import member_view
from codes_api.memberships.models import Membership, MembershipStatus
from shared.contracts.redemptions import CodePreview, MemberView, Redemption
from shared.errors import AppError, NotFoundError

from tests.support.codes_world import NOW, World

ANNA, BEN = 1001, 1002
DAY = timedelta(days=1)


async def give(world: World, plan_id: UUID, telegram_id: int = ANNA, now: datetime = NOW) -> Redemption:
    code = await world.code(plan_id)
    return await redeem(world.database, **world.place, typed=code, telegram_id=telegram_id, now=now)


async def view(world: World, telegram_id: int = ANNA, now: datetime = NOW) -> MemberView:
    async with world.database.transaction() as session:
        return await member_view(session, **world.place, telegram_id=telegram_id, now=now)


async def look(world: World, code: str, telegram_id: int = ANNA, now: datetime = NOW) -> CodePreview:
    return await preview(world.database, **world.place, typed=code, telegram_id=telegram_id, now=now)


class Filters(TypedDict, total=False):
    status: MembershipStatus | None
    plan_id: UUID | None
    telegram_id: int | None


async def listed(world: World, filters: Filters) -> list[Membership]:
    found: list[Membership] = []
    cursor: str | None = None
    chosen: Filters = {"status": None, "plan_id": None, "telegram_id": None, **filters}
    while True:
        async with world.database.transaction() as session:
            rows, cursor = await list_memberships(session, **world.place, limit=2, cursor=cursor, now=NOW, **chosen)
        found += rows
        if cursor is None:
            return found


async def test_plans_on_offer_leave_out_code_only_and_inactive_ones(world: World) -> None:
    gold = await world.plan(name="Gold")
    await world.plan(name="Team", access_codes_only=True)
    await world.plan(name="Old", active=False)
    forever = await world.plan("lifetime", name="Forever")
    await (await world.another()).plan(name="Theirs")
    assert [(plan.id, plan.period, plan.lifetime) for plan in (await view(world)).plans] == [
        (gold, "1 month", False),
        (forever, "lifetime", True),
    ]


async def test_a_member_sees_their_running_memberships(world: World) -> None:
    weekly, forever = await world.plan("week"), await world.plan("lifetime")
    first, second = await give(world, weekly), await give(world, forever)
    await give(world, weekly, BEN)
    assert (await view(world)).memberships == [first.membership, second.membership]
    assert (await view(world, now=NOW + 7 * DAY)).memberships == [second.membership]
    assert (await view(world, 42)).memberships == []


async def test_members_of_no_project(world: World) -> None:
    await world.rows("UPDATE projects SET archived_at = :now", now=NOW)
    with pytest.raises(NotFoundError):
        await view(world)


async def test_a_preview_says_what_a_code_would_give_and_changes_nothing(world: World) -> None:
    plan_id = await world.plan(name="Gold")
    code = await world.code(plan_id, expires_in=DAY)
    seen = await look(world, f"code_{code}")
    assert (seen.code, seen.plan.name, seen.expires_at) == (code, "Gold", NOW + DAY)
    assert (seen.extends_until, seen.repeated, seen.already_lifetime) == (None, False, False)
    assert await world.count(Membership) == 0
    given = await give(world, plan_id)
    assert (await look(world, code)).extends_until == given.membership.ends_at
    assert (await look(world, code, BEN)).extends_until is None


async def test_a_preview_of_ones_own_code_and_of_a_second_lifetime(world: World) -> None:
    forever = await world.plan("lifetime")
    one, two = await world.codes(forever, 2)
    await redeem(world.database, **world.place, typed=one, telegram_id=ANNA, now=NOW)
    assert (await look(world, one)).repeated
    again = await look(world, two)
    assert (again.repeated, again.already_lifetime, again.extends_until) == (False, True, None)
    assert not (await look(world, two, BEN)).already_lifetime


async def test_a_preview_refuses_like_redeeming_and_keeps_the_try(world: World) -> None:
    code = await world.code(await world.plan(), expires_in=DAY)
    await world.rows("UPDATE tenants SET standing = 'locked'")
    for now, reason in ((NOW, "account_locked"), (NOW + DAY, "code_expired")):
        with pytest.raises(AppError) as caught:
            await look(world, code, now=now)
        assert caught.value.problem_code == reason
    assert await world.rows("SELECT reason FROM refused_attempts ORDER BY id") == [("account_locked",), ("code_expired",)]


async def test_lists_and_filters(world: World) -> None:
    weekly, forever = await world.plan("week"), await world.plan("lifetime")
    over = await give(world, weekly, ANNA, NOW - 30 * DAY)
    lapsed = await give(world, weekly, BEN, NOW - 8 * DAY)
    running, lasting = await give(world, weekly, ANNA), await give(world, forever, BEN)
    gone = await give(world, forever, ANNA)
    async with world.database.transaction() as session:
        await cancel_membership(session, **world.place, membership_id=gone.membership.id, now=NOW)
    names = {
        one.membership.id: name
        for name, one in {"over": over, "lapsed": lapsed, "running": running, "lasting": lasting, "gone": gone}.items()
    }

    async def seen(**filters: Unpack[Filters]) -> list[str]:
        return [names[one.id] for one in await listed(world, filters)]

    assert await seen() == ["gone", "lasting", "running", "lapsed", "over"]
    assert await seen(status=MembershipStatus.ACTIVE) == ["lasting", "running"]
    assert await seen(status=MembershipStatus.ENDED) == ["lapsed", "over"]
    assert await seen(status=MembershipStatus.CANCELLED) == ["gone"]
    assert await seen(plan_id=forever) == ["gone", "lasting"]
    assert await seen(telegram_id=BEN, plan_id=weekly) == ["lapsed"]
    assert await seen(telegram_id=42) == []


async def test_cancelling(world: World) -> None:
    given = await give(world, await world.plan("week"))
    for hours in (1, 2):
        async with world.database.transaction() as session:
            cancelled = await cancel_membership(
                session, **world.place, membership_id=given.membership.id, now=NOW + timedelta(hours=hours)
            )
            assert (cancelled.status, cancelled.closed_at) == ("cancelled", NOW + timedelta(hours=1))
    assert (await view(world)).memberships == []
    neighbour = await world.another()
    async with world.database.transaction() as session:
        with pytest.raises(NotFoundError):
            await cancel_membership(session, **neighbour.place, membership_id=given.membership.id, now=NOW)


async def test_what_has_ended_cannot_be_cancelled(world: World) -> None:
    given = await give(world, await world.plan("week"))
    async with world.database.transaction() as session:
        with pytest.raises(MembershipEndedError):
            await cancel_membership(session, **world.place, membership_id=given.membership.id, now=NOW + 7 * DAY)
