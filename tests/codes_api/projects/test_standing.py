"""What codes-api does when an account is suspended or deleted (`rules.md` D3, D5)."""

from datetime import timedelta
from uuid import UUID

from codes_api.base import outbox
from codes_api.codes.models import RefusedAttempt
from codes_api.memberships.models import Membership
from codes_api.projects.models import Bot
from codes_api.tenants.end_memberships import end_account_memberships
from codes_api.tenants.erase import erase_tenant
from codes_api.tenants.tell_creator import tell_creator
from shared.contracts.accounts import EndMemberships, Piece
from shared.contracts.bots import NoticeKind, TellCreator
from shared.ids import new_id
from sqlalchemy import select

from tests.support.codes_api import Codes
from tests.support.codes_world import NOW, World


async def member(world: World, plan_id: UUID, telegram_id: int, **columns: object) -> UUID:
    """A running membership."""
    values = {"code": "0" * 16, "starts_at": NOW, "ends_at": NOW + timedelta(days=30), "status": "active", **columns}
    membership = Membership(**world.place, id=new_id(), plan_id=plan_id, telegram_id=telegram_id, **values)
    async with world.database.transaction() as session:
        session.add(membership)
    return membership.id


async def statuses(world: World) -> list[str]:
    return [status for (status,) in await world.rows("SELECT status FROM memberships WHERE account_id = :account ORDER BY id")]


async def test_suspension_ends_memberships_in_pieces_and_says_so(world: World) -> None:
    plan, other = await world.plan(), await world.another()
    ids = [await member(world, plan, person) for person in range(1, 6)]
    await member(world, plan, 6, status="ended", closed_at=NOW)
    lifetime = await member(world, plan, 7, ends_at=None)
    await member(other, await other.plan(), 1)
    suspended = NOW + timedelta(days=1)
    pieces: list[Piece] = []
    while not pieces or pieces[-1].more:
        async with world.database.transaction() as session:
            call = end_account_memberships(session, account_id=world.account_id, before=suspended, now=suspended, limit=4)
            pieces.append(await call)
    assert [(piece.done, piece.more) for piece in pieces] == [(4, True), (2, False)]
    assert await statuses(world) == ["cancelled"] * 5 + ["ended", "cancelled"]
    assert await statuses(other) == ["active"]
    told = {UUID(payload["membership_id"]) for payload in await world.events("membership.ended")}
    assert told == {*ids, lifetime}


async def test_what_began_after_the_suspension_is_left_alone(world: World) -> None:
    """The word comes late: the account has recovered meanwhile, and sold again."""
    plan = await world.plan()
    await member(world, plan, 1, starts_at=NOW - timedelta(microseconds=1))
    await member(world, plan, 2)
    async with world.database.transaction() as session:
        await end_account_memberships(session, account_id=world.account_id, before=NOW, now=NOW)
    assert await statuses(world) == ["cancelled", "active"]


async def test_a_creator_is_told_once_for_each_event_and_chat(world: World) -> None:
    await world.bot()
    await world.rows("UPDATE bots SET owner_chat_id = 555")
    second = World(world.database, account_id=world.account_id)
    await world.rows(
        "INSERT INTO projects (account_id, id, name, created_at) VALUES (:account, :id, 'B', now())", id=second.project_id
    )
    await second.bot("second_bot")
    await world.rows("UPDATE bots SET owner_chat_id = 555")
    notice = TellCreator(event_id=new_id(), kind=NoticeKind.ACCOUNT_LOCKED)
    for _ in range(2):
        async with world.database.transaction() as session:
            await tell_creator(session, account_id=world.account_id, notice=notice, now=NOW)
    (told,) = await world.events("creator.notice_requested")
    assert (told["kind"], told["params"]) == ("account_locked", {})


async def test_without_a_chat_nobody_is_told(world: World) -> None:
    await world.bot()
    notice = TellCreator(event_id=new_id(), kind=NoticeKind.ACCOUNT_LOCKED)
    async with world.database.transaction() as session:
        assert await tell_creator(session, account_id=world.account_id, notice=notice, now=NOW) == 0


async def test_a_deleted_account_leaves_no_personal_data(codes: Codes) -> None:
    shop, kept = await codes.shop(), await codes.shop(bot_id=2002, linked=777)
    account = shop.creator.account_id
    await shop.creator.made(f"{shop.path}/batches", shop.wish(2, label="For Eve's friends"))
    async with codes.state.database.transaction() as session:
        attempt = {"telegram_id": 700100, "typed": "hello?", "reason": "code_mistyped", "attempted_at": codes.clock.now()}
        session.add(RefusedAttempt(account_id=account, project_id=shop.project_id, id=new_id(), **attempt))
        world = World(codes.state.database, account, shop.project_id)
        for person in (700100, 700101):
            await member(world, UUID(shop.plan_id), person, status="cancelled", closed_at=NOW)
    await codes.internal.end_memberships(account, EndMemberships(before=codes.clock.now()))
    while (await codes.internal.erase_tenant(account)).more:
        pass
    assert await world.count(Bot) == await world.count(RefusedAttempt) == 0
    assert {person for (person,) in await world.rows("SELECT telegram_id FROM memberships WHERE account_id = :account")} == {0}
    assert await world.one("SELECT label FROM batches WHERE account_id = :account") is None
    assert await world.one("SELECT name FROM projects WHERE account_id = :account") == "erased"
    gone = select(outbox.c.payload).where(outbox.c.account_id == account, outbox.c.type == "bot.disconnected")
    async with codes.state.database.transaction() as session:
        assert len((await session.execute(gone)).all()) == 1
        assert await session.get(Bot, 2002) is not None
    assert await World(codes.state.database, kept.creator.account_id).count(Bot) == 1


async def test_erasing_goes_on_where_it_stopped(world: World) -> None:
    plan = await world.plan()
    for person in range(1, 6):
        await member(world, plan, person, status="cancelled", closed_at=NOW)
    pieces: list[Piece] = []
    while not pieces or pieces[-1].more:
        async with world.database.transaction() as session:
            pieces.append(await erase_tenant(session, account_id=world.account_id, now=NOW, limit=2))
    assert [piece.done for piece in pieces] == [2, 2, 1]
