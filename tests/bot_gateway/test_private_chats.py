"""A project's private chats, on the sandbox Telegram's own groups: checked, joined, left (rules.md T5)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from memberpass_local.telegram.bot_api import groups
from memberpass_local.telegram.groups import chat_member
from memberpass_local.telegram.wire import chat_of
from shared.contracts.chats import CheckChat, EndingMembership, MembershipRef, SendReminder
from shared.errors import DependencyUnavailableError, RemoteProblem

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import GoodCode, plan

CODE = "ABCDEFGHJKMNPQRS"
ENDS = datetime(2030, 8, 3, 10, tzinfo=UTC)
ANN, BEN = 501, 502


async def group(house: House, bot: str | None = None) -> int:
    """A group of the sandbox with a bot as its administrator."""
    answer = await house.telegram.post("/sandbox/groups", json={"title": "Lounge", "bot": bot or house.username})
    chat_id: int = answer.json()["chat_id"]
    return chat_id


async def club(house: House, number: int = 1) -> list[int]:
    """A project that names groups, and a code for it."""
    made = [await group(house) for _ in range(number)]
    house.codes.chats = {chat_id: f"Lounge {place}" for place, chat_id in enumerate(made)}
    house.codes.bots[house.bot_id] = house.codes.bots[house.bot_id].model_copy(update={"has_chats": True})
    house.codes.good[CODE] = GoodCode(plan("Gold"), ends_at=ENDS)
    return made


async def join(house: House, link: str, user_id: int = ANN) -> int:
    body = {"user_id": user_id, "invite_link": link}
    return (await house.telegram.post("/sandbox/groups/joins", json=body)).status_code


def inside(house: House, chat_id: int) -> list[int]:
    return house.world.groups[chat_id].members


def links(message: dict[str, Any]) -> list[str]:
    return [button["url"] for row in message["buttons"] for button in row if button.get("url")]


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["buttons"] for button in row]


def membership(house: House) -> MembershipRef:
    return MembershipRef(account_id=house.codes.account_id, project_id=house.codes.project_id, membership_id=uuid4())


def asked(house: House, path: str) -> int:
    return sum(called.endswith(path) for called, _ in house.codes.calls)


async def check(house: House, chat_id: int) -> str:
    wish = CheckChat(account_id=house.codes.account_id, project_id=house.codes.project_id, chat_id=chat_id)
    try:
        return (await house.client.check_chat(wish)).title
    except RemoteProblem as problem:
        return f"{problem.problem_status} {problem.problem_code}"


async def test_a_chat_is_checked_with_telegram(webhook: House) -> None:
    chat_id = await group(webhook)
    assert await check(webhook, chat_id) == "Lounge"
    assert await check(webhook, -1001) == "422 chat_not_found"
    await webhook.telegram.post("/sandbox/bots", json={"username": f"other_{webhook.username}"})
    assert await check(webhook, await group(webhook, f"other_{webhook.username}")) == "422 chat_not_found"
    await webhook.fail_next(method="getChat", status=502)
    with pytest.raises(DependencyUnavailableError):
        await check(webhook, chat_id)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "member"},
        {"status": "administrator", "can_restrict_members": False},
        {"status": "administrator", "can_invite_users": False},
    ],
    ids=["no administrator", "may not ban", "may not invite"],
)
async def test_the_bots_own_rights_count(webhook: House, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    """The sandbox grants every right; here it says otherwise."""
    monkeypatch.setattr(groups, "chat_member", lambda *of: chat_member(*of) | answer)
    assert await check(webhook, await group(webhook)) == "422 chat_rights_missing"


async def test_a_basic_group_is_no_place_for_it(webhook: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox has supergroups only; here it says otherwise."""
    monkeypatch.setattr(groups, "chat_of", lambda *of: chat_of(*of) | {"type": "group"})
    assert await check(webhook, await group(webhook)) == "422 chat_not_supported"


async def test_redeeming_gives_a_link_a_chat_that_works_once(both: House) -> None:
    first, second = await club(both, 2)
    welcome = await both.person().say(CODE)
    assert "Welcome to Gold" in welcome["text"]
    assert labels(welcome) == ["Join Lounge 0", "Join Lounge 1", "My memberships"]
    one, other = links(welcome)
    assert [await join(both, one), await join(both, one, BEN), await join(both, other, BEN)] == [200, 409, 200]
    assert (inside(both, first), inside(both, second)) == ([ANN], [BEN])


async def test_without_chats_nobody_is_asked(webhook: House) -> None:
    await club(webhook)
    webhook.codes.bots[webhook.bot_id] = webhook.codes.bots[webhook.bot_id].model_copy(update={"has_chats": False})
    welcome = await webhook.person().say(CODE)
    assert labels(welcome) == ["My memberships"]
    assert asked(webhook, "/chats") == 0


async def test_an_update_handled_twice_shows_the_same_link(webhook: House) -> None:
    (chat_id,) = await club(webhook)
    shown = [links(await webhook.person().say(CODE)) for _ in range(2)]
    assert shown[0] == shown[1]
    usable = [link for link in webhook.world.links.values() if link.group_id == chat_id and not link.revoked]
    assert [link.link for link in usable] == shown[0]


async def test_who_asks_for_links_gets_new_ones_and_the_old_die(webhook: House) -> None:
    await club(webhook)
    ann = webhook.person()
    (old,) = links(await ann.say(CODE))
    status = await ann.say("/status")
    assert "Get my invite links" in labels(status)
    (new,) = links(await ann.press(status, "Get my invite links"))
    assert new != old
    assert [await join(webhook, old), await join(webhook, new)] == [409, 200]
    again = await ann.press(await ann.say("/status"), "Get my invite links")
    assert "You are in already" in again["text"]
    assert links(again) == []


async def test_without_a_membership_there_is_no_button_and_no_link(webhook: House) -> None:
    await club(webhook)
    assert "Get my invite links" not in labels(await webhook.person(BEN).say("/status"))
    response = await webhook.feed(BEN, update_id=901, press="join", message_id=99)
    assert response.status_code == 200
    assert "nothing to join" in (await webhook.sent(BEN))[-1]
    assert webhook.codes.invites == {}


async def test_who_is_in_already_gets_no_link(webhook: House) -> None:
    await club(webhook)
    ann = webhook.person()
    assert await join(webhook, links(await ann.say(CODE))[0]) == 200
    assert links(await ann.say(CODE)) == []


@pytest.mark.parametrize("status", [400, 403, 429, 502])
async def test_links_that_cannot_be_made_spoil_nothing(webhook: House, status: int) -> None:
    (chat_id,) = await club(webhook)
    ann = webhook.person()
    await webhook.fail_next(method="createChatInviteLink", status=status)
    welcome = await ann.say(CODE)
    assert "Welcome to Gold" in welcome["text"]
    assert labels(welcome) == ["Get my invite links", "My memberships"]
    assert webhook.codes.troubles == ([chat_id] if status == 403 else [])
    assert len(links(await ann.press(welcome, "Get my invite links"))) == 1


async def test_a_link_that_another_process_was_quicker_with_is_revoked(webhook: House) -> None:
    (chat_id,) = await club(webhook)
    (shown,) = links(await webhook.person().say(CODE))
    webhook.codes.races = True
    (again,) = links(await webhook.person().press(await webhook.person().say("/status"), "Get my invite links"))
    assert again == "https://t.me/+quicker"
    usable = [link.link for link in webhook.world.links.values() if link.group_id == chat_id and not link.revoked]
    assert usable == [shown], "the other process revokes the one it knew of"


async def test_the_end_removes_and_lets_them_come_back(webhook: House) -> None:
    first, second = await club(webhook, 2)
    one, unused = links(await webhook.person().say(CODE))
    await join(webhook, one)
    webhook.codes.leaving_member = ANN
    webhook.codes.entitled.clear()
    assert (await webhook.client.let_go(membership(webhook))).told
    assert (inside(webhook, first), inside(webhook, second)) == ([], [])
    assert webhook.world.groups[first].banned == []
    assert await join(webhook, unused) == 409
    goodbye = (await webhook.person().heard())[-1]
    assert "Your Gold membership has ended" in goodbye["text"]
    assert "See the memberships" in labels(goodbye)
    assert webhook.codes.invites == {}
    await webhook.client.let_go(membership(webhook))  # again: nothing is different
    (back,) = links(await webhook.person().say(CODE))[:1]
    assert await join(webhook, back) == 200


async def test_who_has_another_membership_stays_and_hears_nothing(webhook: House) -> None:
    (chat_id,) = await club(webhook)
    await join(webhook, links(await webhook.person().say(CODE))[0])
    webhook.codes.leaving_member = ANN
    before = await webhook.sent(ANN)
    assert not (await webhook.client.let_go(membership(webhook))).told
    assert inside(webhook, chat_id) == [ANN]
    assert await webhook.sent(ANN) == before


async def test_who_comes_back_while_being_removed_gets_links(webhook: House) -> None:
    (chat_id,) = await club(webhook)
    await join(webhook, links(await webhook.person().say(CODE))[0])
    webhook.codes.leaving_member, webhook.codes.comes_back = ANN, True
    webhook.codes.entitled.clear()
    assert (await webhook.client.let_go(membership(webhook))).told
    last = (await webhook.person().heard())[-1]
    assert "Your way in" in last["text"]
    assert await join(webhook, links(last)[0]) == 200
    assert inside(webhook, chat_id) == [ANN]


async def test_an_outage_in_the_middle_is_carried_on_with(webhook: House) -> None:
    first, second = await club(webhook, 2)
    for link in links(await webhook.person().say(CODE)):
        await join(webhook, link)
    webhook.codes.leaving_member = ANN
    webhook.codes.entitled.clear()
    for method in ("banChatMember", "unbanChatMember", "sendMessage"):
        await webhook.fail_next(method=method, status=502)
        with pytest.raises(DependencyUnavailableError):
            await webhook.client.let_go(membership(webhook))
    assert (await webhook.client.let_go(membership(webhook))).told
    assert (inside(webhook, first), inside(webhook, second)) == ([], [])
    assert webhook.world.groups[first].banned == []
    assert sum("has ended" in text for text in await webhook.sent(ANN)) == 1


async def test_a_bot_without_rights_does_what_it_can(webhook: House) -> None:
    first, second = await club(webhook, 2)
    for link in links(await webhook.person().say(CODE)):
        await join(webhook, link)
    webhook.codes.leaving_member = ANN
    webhook.codes.entitled.clear()
    await webhook.fail_next(method="banChatMember", status=403)
    assert (await webhook.client.let_go(membership(webhook))).told
    assert (inside(webhook, first), inside(webhook, second)) == ([ANN], [])
    assert webhook.codes.troubles == [first]


async def test_a_reminder_says_when(webhook: House) -> None:
    await webhook.person().say("/help")
    reminder = SendReminder(**membership(webhook).model_dump(), ends_at=ENDS)
    webhook.codes.ending = EndingMembership(telegram_id=ANN, plan_name="Gold & co", ends_at=ENDS, running=True)
    assert (await webhook.client.remind(reminder)).told
    told = (await webhook.person().heard())[-1]
    assert "Your Gold & co membership ends soon" in told["text"]
    assert "3 August 2030, 10:00 UTC" in told["text"]
    assert labels(told) == ["Redeem a code", "See the memberships"]


@pytest.mark.parametrize(
    "changed",
    [{"ends_at": ENDS + timedelta(days=30)}, {"running": False}, {"ends_at": None}],
    ids=["extended", "over", "for life"],
)
async def test_a_reminder_that_is_out_of_date_is_not_sent(webhook: House, changed: dict[str, Any]) -> None:
    await webhook.person().say("/help")
    now = EndingMembership(telegram_id=ANN, plan_name="Gold", ends_at=ENDS, running=True)
    webhook.codes.ending = now.model_copy(update=changed)
    assert not (await webhook.client.remind(SendReminder(**membership(webhook).model_dump(), ends_at=ENDS))).told
    assert len(await webhook.sent(ANN)) == 1


async def test_who_blocked_the_bot_is_not_asked_again(webhook: House) -> None:
    await webhook.person().say("/help")
    webhook.world.set_blocked(webhook.bot_id, ANN, blocked=True)
    webhook.codes.ending = EndingMembership(telegram_id=ANN, plan_name="Gold", ends_at=ENDS, running=True)
    await webhook.client.remind(SendReminder(**membership(webhook).model_dump(), ends_at=ENDS))
    webhook.codes.leaving_member = ANN
    await webhook.client.let_go(membership(webhook))
    assert len(await webhook.sent(ANN)) == 1


async def test_telegram_away_asks_to_remind_again(webhook: House) -> None:
    await webhook.person().say("/help")
    webhook.codes.ending = EndingMembership(telegram_id=ANN, plan_name="Gold", ends_at=ENDS, running=True)
    reminder = SendReminder(**membership(webhook).model_dump(), ends_at=ENDS)
    await webhook.fail_next(method="sendMessage", status=502)
    with pytest.raises(DependencyUnavailableError):
        await webhook.client.remind(reminder)
    assert (await webhook.client.remind(reminder)).told


async def test_without_a_bot_there_is_nothing_to_do(webhook: House) -> None:
    webhook.codes.bots.clear()
    webhook.codes.ending = EndingMembership(telegram_id=ANN, plan_name="Gold", ends_at=ENDS, running=True)
    assert not (await webhook.client.let_go(membership(webhook))).told
    assert not (await webhook.client.remind(SendReminder(**membership(webhook).model_dump(), ends_at=ENDS))).told
