"""Private groups: single-use links, bans, and what the bot hears of it (rules.md T5)."""

from datetime import timedelta
from pathlib import Path

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from memberpass_local.telegram.settings import TelegramSettings
from shared.clock import SandboxClock

from tests.deploy_local.telegram.support import Telegram, telegram

MEMBER = 1001


async def make_group(tg: Telegram, bot: str = "northwind_bot") -> int:
    answer = await tg.http.post("/sandbox/groups", json={"title": "Gold members", "bot": bot})
    answer.raise_for_status()
    chat_id: int = answer.json()["chat_id"]
    return chat_id


async def join(tg: Telegram, user_id: int, link: str) -> tuple[int, str | None]:
    answer = await tg.http.post("/sandbox/groups/joins", json={"user_id": user_id, "invite_link": link})
    return answer.status_code, answer.json().get("code")


async def test_a_single_use_link_lets_one_person_in(tg: Telegram) -> None:
    bot = await tg.make_bot()
    group = await make_group(tg)
    (added,) = await bot.get_updates(allowed_updates=["chat_member", "my_chat_member"])
    assert added.my_chat_member is not None
    assert added.my_chat_member.new_chat_member.status == "administrator"
    link = await bot.create_chat_invite_link(group, member_limit=1, name="Gold")
    assert (link.member_limit, link.is_revoked, link.creator.id) == (1, False, bot.id)
    assert await join(tg, MEMBER, link.invite_link) == (200, None)
    assert await join(tg, MEMBER, link.invite_link) == (200, None)
    assert await join(tg, MEMBER + 1, link.invite_link) == (409, "invite_refused")
    assert (await bot.get_chat_member(group, MEMBER)).status == "member"
    joined = (await bot.get_updates())[-1].chat_member
    assert joined is not None
    assert joined.invite_link is not None
    assert (joined.new_chat_member.user.id, joined.invite_link.invite_link) == (MEMBER, link.invite_link)
    assert (await bot.get_chat(group)).title == "Gold members"


async def test_removed_by_unban_a_member_may_come_back_banned_not(tg: Telegram) -> None:
    bot = await tg.make_bot()
    group = await make_group(tg)
    link = (await bot.create_chat_invite_link(group)).invite_link
    await join(tg, MEMBER, link)
    assert await bot.unban_chat_member(group, MEMBER, only_if_banned=True)
    assert (await bot.get_chat_member(group, MEMBER)).status == "member"
    assert await bot.unban_chat_member(group, MEMBER)
    assert (await bot.get_chat_member(group, MEMBER)).status == "left"
    assert await join(tg, MEMBER, link) == (200, None)
    assert await bot.ban_chat_member(group, MEMBER)
    assert (await bot.get_chat_member(group, MEMBER)).status == "kicked"
    assert await join(tg, MEMBER, link) == (409, "invite_refused")
    assert await bot.unban_chat_member(group, MEMBER)
    assert await join(tg, MEMBER, link) == (200, None)


async def test_revoked_and_unknown_links(tg: Telegram) -> None:
    bot = await tg.make_bot()
    group = await make_group(tg)
    link = (await bot.create_chat_invite_link(group)).invite_link
    assert (await bot.revoke_chat_invite_link(group, link)).is_revoked
    assert await join(tg, MEMBER, link) == (409, "invite_refused")
    assert await join(tg, MEMBER, "https://t.me/+nothing") == (404, "group_not_found")


async def test_a_group_belongs_to_its_bot(tg: Telegram) -> None:
    bot, other = await tg.make_bot(), await tg.make_bot("other_bot")
    group = await make_group(tg)
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the supergroup chat"):
        await other.create_chat_invite_link(group)
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.create_chat_invite_link(-1001)
    await tg.person(MEMBER).say("/start")
    with pytest.raises(TelegramBadRequest, match="method is available for supergroup and channel chats only"):
        await bot.create_chat_invite_link(MEMBER)
    assert (await bot.send_message(group, "Welcome")).chat.type == "supergroup"


async def test_links_and_messages_follow_the_stacks_clock(tmp_path: Path) -> None:
    clock = SandboxClock(tmp_path / "clock")
    async with telegram(TelegramSettings(clock_file=tmp_path / "clock")) as tg:
        bot = await tg.make_bot()
        group = await make_group(tg)
        start = clock.now()
        link = await bot.create_chat_invite_link(group, expire_date=start + timedelta(days=1))
        with pytest.raises(TelegramBadRequest, match="EXPIRE_DATE_INVALID"):
            await bot.create_chat_invite_link(group, expire_date=start - timedelta(days=1))
        clock.move_to(start + timedelta(days=30))
        assert await join(tg, MEMBER, link.invite_link) == (409, "invite_refused")
        await tg.person(MEMBER).say("/start")
        update = (await bot.get_updates())[-1]
        assert update.message is not None
        assert update.message.date >= (start + timedelta(days=30)).replace(microsecond=0)
        sent = await bot.send_message(MEMBER, "Hello")
        clock.move_to(start + timedelta(days=33))
        with pytest.raises(TelegramBadRequest, match="message can't be deleted for everyone"):
            await bot.delete_message(MEMBER, sent.message_id)
