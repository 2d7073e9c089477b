"""Who may be in a project's chats, which link counts, who has to leave (rules.md T5)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from codes_api.chats.departure import departed, departure
from codes_api.chats.invites import INVITE_LASTS, keep_invite, member_chats
from codes_api.chats.models import ChatInvite, ProjectChat
from codes_api.chats.trouble import report_trouble
from codes_api.codes.redeem import redeem
from codes_api.memberships.cancel import cancel_membership
from codes_api.memberships.end import end_memberships
from codes_api.tenants.end_memberships import end_account_memberships
from codes_api.tenants.erase import erase_tenant
from shared.contracts.chats import Departure, InviteLink, MemberChats
from shared.contracts.redemptions import Redemption
from shared.errors import NotFoundError
from sqlalchemy import false
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_world import NOW, World
from tests.support.races import meet

LOUNGE, NEWS = -1001, -1002
ANNA, BEN = 1001, 1002
DAY = timedelta(days=1)


@pytest.fixture
async def club(world: World) -> World:
    """A project with two chats."""
    await name(world, LOUNGE, NEWS)
    return world


async def name(world: World, *chats: int) -> None:
    async with world.database.transaction() as session:
        session.add_all(ProjectChat(**world.place, chat_id=chat, title=f"Chat {chat}", named_at=NOW) for chat in chats)


async def give(world: World, plan_id: UUID, now: datetime = NOW, telegram_id: int = ANNA) -> Redemption:
    return await redeem(world.database, **world.place, typed=await world.code(plan_id), telegram_id=telegram_id, now=now)


async def seen(world: World, telegram_id: int = ANNA, now: datetime = NOW) -> MemberChats:
    async with world.database.transaction() as session:
        return await member_chats(session, **world.place, telegram_id=telegram_id, now=now)


async def links(world: World, now: datetime = NOW) -> list[str | None]:
    return [None if chat.invite is None else chat.invite.link for chat in (await seen(world, now=now)).data]


async def keep(world: World, link: str, instead_of: str | None = None, now: datetime = NOW, chat_id: int = LOUNGE) -> str:
    async with world.database.transaction() as session:
        invite = InviteLink(link=link, expires_at=now + INVITE_LASTS)
        member = {"telegram_id": ANNA, "chat_id": chat_id, "invite": invite, "instead_of": instead_of, "now": now}
        return (await keep_invite(session, **world.place, **member)).link  # type: ignore[arg-type]


async def leaving(world: World, membership: UUID, now: datetime, **changes: Any) -> Departure:
    async with world.database.transaction() as session:
        return await departure(session, **world.place, membership_id=membership, now=now, **changes)


async def sweep(session: AsyncSession, now: datetime) -> int:
    return await end_memberships(session, now=now)


async def test_only_with_a_running_membership(club: World) -> None:
    assert (await seen(club)).data == []
    await give(club, await club.plan("week"))
    assert [chat.chat_id for chat in (await seen(club)).data] == [NEWS, LOUNGE]
    assert (await seen(club)).invites_until == NOW + INVITE_LASTS
    assert (await seen(club, BEN)).data == []
    assert (await seen(club, now=NOW + 7 * DAY)).data == []
    assert (await seen(await club.another())).data == []


async def test_of_two_links_made_at_once_one_counts(club: World) -> None:
    await give(club, await club.plan("week"))
    assert await keep(club, "a") == "a"
    assert await keep(club, "b") == "a", "made without knowing of a"
    assert await keep(club, "c", instead_of="a") == "c"
    assert await keep(club, "d", instead_of="a") == "c", "made in the place of one that counts no more"
    assert await keep(club, "n", chat_id=NEWS) == "n"
    assert await links(club) == ["n", "c"]
    assert await links(club, NOW + INVITE_LASTS) == [None, None]
    assert await keep(club, "e", now=NOW + INVITE_LASTS) == "e", "one that has expired is in nobody's way"


async def test_two_updates_at_the_same_moment_leave_one_link(club: World) -> None:
    await give(club, await club.plan("week"))

    async def made(session: AsyncSession, link: str) -> str:
        invite = InviteLink(link=link, expires_at=NOW + DAY)
        of = {"telegram_id": ANNA, "chat_id": LOUNGE, "invite": invite, "instead_of": None, "now": NOW}
        return (await keep_invite(session, **club.place, **of)).link  # type: ignore[arg-type]

    assert await meet(club.database, lambda one: made(one, "a"), lambda two: made(two, "b")) == ("a", "a")
    assert await club.count(ChatInvite) == 1


async def test_nobody_is_let_in_whose_time_is_over(club: World) -> None:
    await give(club, await club.plan("week"))
    with pytest.raises(NotFoundError):
        await keep(club, "late", now=NOW + 7 * DAY)
    with pytest.raises(NotFoundError):
        await keep(club, "elsewhere", chat_id=-7)
    assert await club.count(ChatInvite) == 0


async def test_the_end_means_to_leave(club: World) -> None:
    given = await give(club, await club.plan("week", name="Weekly"))
    await keep(club, "a")
    over = given.membership.ends_at
    assert over is not None
    assert not (await leaving(club, given.membership.id, over - DAY)).gone
    due = await leaving(club, given.membership.id, over)
    assert (due.gone, due.telegram_id, due.plan_name) == (True, ANNA, "Weekly")
    assert [(chat.chat_id, chat.invite and chat.invite.link) for chat in due.chats] == [(NEWS, None), (LOUNGE, "a")]
    async with club.database.transaction() as session:
        after = await departed(session, **club.place, membership_id=given.membership.id, links=["a"], now=over)
    assert after.gone
    assert await club.count(ChatInvite) == 0


async def test_cancelled_and_suspended_members_leave_as_well(club: World) -> None:
    plan_id = await club.plan("lifetime")
    anna, ben = await give(club, plan_id), await give(club, plan_id, telegram_id=BEN)
    async with club.database.transaction() as session:
        await cancel_membership(session, **club.place, membership_id=anna.membership.id, now=NOW)
    assert [(await leaving(club, one.membership.id, NOW)).gone for one in (anna, ben)] == [True, False]
    async with club.database.transaction() as session:
        await end_account_memberships(session, account_id=club.account_id, before=NOW + DAY, now=NOW + DAY)
    assert (await leaving(club, ben.membership.id, NOW + DAY)).gone


async def test_another_membership_of_the_project_keeps_them_in(club: World) -> None:
    weekly, forever = await club.plan("week"), await club.plan("lifetime")
    given = await give(club, weekly)
    await give(club, forever)
    assert not (await leaving(club, given.membership.id, NOW + 8 * DAY)).gone
    neighbour = await club.another()
    other = await give(neighbour, await neighbour.plan("week"))
    await give(neighbour, await neighbour.plan("lifetime"), telegram_id=BEN)
    assert (await leaving(neighbour, other.membership.id, NOW + 8 * DAY)).gone, "another account's keeps nobody in"
    with pytest.raises(NotFoundError):
        await leaving(neighbour, given.membership.id, NOW)


async def redeemed_while_swept(club: World) -> tuple[UUID, datetime]:
    """A membership that the sweep ends while its member's next code waits for the row; the moment."""
    plan_id = await club.plan("day", 7)
    given = await give(club, plan_id)
    code, over = await club.code(plan_id), NOW + 7 * DAY

    async def come_back(_: AsyncSession) -> int:
        again = await redeem(club.database, **club.place, typed=code, telegram_id=ANNA, now=over)
        assert not again.extended, "the sweep was first: it is a new membership"
        return 1

    assert await meet(club.database, lambda session: sweep(session, over), come_back) == (1, 1)
    assert len(await club.events("membership.ended")) == 1
    return given.membership.id, over


async def test_who_redeems_while_their_end_is_swept_is_not_removed(club: World) -> None:
    membership, over = await redeemed_while_swept(club)
    assert not (await leaving(club, membership, over)).gone


async def test_without_the_guard_they_would_be(club: World) -> None:
    membership, over = await redeemed_while_swept(club)
    assert (await leaving(club, membership, over, keeps_in=lambda *_: false())).gone


async def test_who_extends_before_the_sweep_has_no_end(club: World) -> None:
    plan_id = await club.plan("week")
    await give(club, plan_id)
    await give(club, plan_id, NOW + 6 * DAY)
    async with club.database.transaction() as session:
        assert await sweep(session, NOW + 7 * DAY) == 0
    assert await club.events("membership.ended") == []


async def test_who_comes_back_while_being_removed_is_found(club: World) -> None:
    plan_id = await club.plan("week")
    given = await give(club, plan_id)
    await keep(club, "old")
    over = NOW + 7 * DAY
    assert (await leaving(club, given.membership.id, over)).gone
    await give(club, plan_id, over)
    await keep(club, "new", instead_of="old", now=over)
    async with club.database.transaction() as session:
        after = await departed(session, **club.place, membership_id=given.membership.id, links=["old"], now=over)
    assert not after.gone
    assert await links(club, over) == [None, "new"], "the link of the way back still counts"


async def test_missing_rights_are_told_once_until_it_works_again(club: World) -> None:
    await give(club, await club.plan("week"))

    async def trouble() -> int:
        async with club.database.transaction() as session:
            await report_trouble(session, **club.place, chat_id=LOUNGE, now=NOW)
        return len(await club.events("creator.notice_requested"))

    assert [await trouble(), await trouble()] == [1, 1]
    await keep(club, "a")
    assert await trouble() == 2


async def test_erasing_leaves_neither_chats_nor_links(club: World) -> None:
    given = await give(club, await club.plan("lifetime"))
    await keep(club, "a")
    neighbour = await club.another()
    await name(neighbour, -5)
    async with club.database.transaction() as session:
        await end_account_memberships(session, account_id=club.account_id, before=NOW + DAY, now=NOW)
        await erase_tenant(session, account_id=club.account_id, now=NOW)
    assert (await club.count(ProjectChat), await club.count(ChatInvite)) == (0, 0)
    assert await neighbour.count(ProjectChat) == 1
    assert not (await leaving(club, given.membership.id, NOW)).gone, "nobody is left to be removed"
