"""Into a project's private chats by a link that works once, and out of them at the end (rules.md T5)."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from shared.contracts.bots import CheckChats, MembershipRef, ProjectChat
from shared.errors import DependencyUnavailableError, RemoteProblem

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import GoodCode, plan

CODE, OTHER = "ABCDEFGHJKMNPQRS", "SRQPNMKJHGFEDCBA"
ENDS = datetime(2026, 8, 3, 10, tzinfo=UTC)
ANN, BEN = 501, 502


async def group(house: House, title: str = "Northwind members") -> int:
    """A group with the project's bot as its administrator, named for the project."""
    made = (await house.telegram.post("/sandbox/groups", json={"title": title, "bot": house.username})).json()
    connected = house.codes.bots[house.bot_id]
    chats = [*connected.chats, ProjectChat(chat_id=made["chat_id"], title=title)]
    house.codes.bots[house.bot_id] = connected.model_copy(update={"chats": chats})
    chat_id: int = made["chat_id"]
    return chat_id


async def look(house: House, chat_id: int) -> dict[str, Any]:
    groups = (await house.telegram.get("/sandbox/groups")).json()["groups"]
    found: dict[str, Any] = next(one for one in groups if one["chat_id"] == chat_id)
    return found


async def join(house: House, user_id: int, link: str) -> httpx.Response:
    return await house.telegram.post("/sandbox/groups/joins", json={"user_id": user_id, "invite_link": link})


def links(message: dict[str, Any]) -> list[str]:
    return [button["url"] for row in message["buttons"] for button in row if button["url"]]


def code(house: House, value: str = CODE) -> GoodCode:
    good = house.codes.good[value] = GoodCode(plan("Gold"), ends_at=ENDS)
    return good


def ref(house: House, good: GoodCode) -> MembershipRef:
    return MembershipRef(account_id=house.codes.account_id, project_id=house.codes.project_id, membership_id=good.membership_id)


async def test_a_new_member_gets_a_link_into_each_chat_that_lets_one_person_in(both: House) -> None:
    chats = [await group(both), await group(both, "Northwind news")]
    code(both)
    welcome = await both.person(ANN).say(CODE)
    assert "Each link works once" in welcome["text"]
    assert [button["text"] for row in welcome["buttons"] for button in row] == [
        "Join Northwind members",
        "Join Northwind news",
        "My memberships",
    ]
    for chat_id, link in zip(chats, links(welcome), strict=True):
        assert (await join(both, ANN, link)).status_code == 200
        assert (await look(both, chat_id))["members"] == [ANN]
        assert (await join(both, BEN, link)).json()["code"] == "invite_refused"


async def test_who_asks_again_gets_the_same_link(webhook: House) -> None:
    await group(webhook)
    code(webhook)
    first = links(await webhook.person(ANN).say(CODE))
    again = await webhook.person(ANN).say(CODE)
    assert len(first) == 1
    assert links(again) == first
    assert "used this code already" in again["text"]


async def test_without_chats_nothing_is_said_of_them(webhook: House) -> None:
    code(webhook)
    welcome = await webhook.person(ANN).say(CODE)
    assert links(welcome) == []
    assert "link" not in welcome["text"]


async def test_a_link_that_can_not_be_made_can_be_asked_for_again(webhook: House) -> None:
    await group(webhook)
    code(webhook)
    await webhook.fail_next(method="createChatInviteLink", status=502)
    welcome = await webhook.person(ANN).say(CODE)
    assert "Welcome to Gold" in welcome["text"]
    assert "could not be made" in welcome["text"]
    assert links(welcome) == []
    assert len(links(await webhook.person(ANN).say(CODE))) == 1


async def test_the_end_takes_the_member_out_and_leaves_the_door_open(webhook: House) -> None:
    chat_id = await group(webhook)
    good = code(webhook)
    (link,) = links(await webhook.person(ANN).say(CODE))
    await join(webhook, ANN, link)
    good.over = True
    for _ in range(2):  # jobs may ask again
        await webhook.client.part_member(ref(webhook, good))
        left = await look(webhook, chat_id)
        assert (left["members"], left["banned"]) == ([], [])
    code(webhook, OTHER)
    (fresh,) = links(await webhook.person(ANN).say(OTHER))
    assert (await join(webhook, ANN, fresh)).status_code == 200


async def test_a_link_that_nobody_used_is_worth_nothing_after_the_end(webhook: House) -> None:
    await group(webhook)
    good = code(webhook)
    (link,) = links(await webhook.person(ANN).say(CODE))
    good.over = True
    await webhook.client.part_member(ref(webhook, good))
    assert (await join(webhook, ANN, link)).json()["code"] == "invite_refused"


async def test_who_has_another_running_membership_stays(webhook: House) -> None:
    chat_id = await group(webhook)
    good, _ = code(webhook), code(webhook, OTHER)
    (link, *_) = links(await webhook.person(ANN).say(CODE))
    await webhook.person(ANN).say(OTHER)
    await join(webhook, ANN, link)
    good.over = True
    await webhook.client.part_member(ref(webhook, good))
    assert (await look(webhook, chat_id))["members"] == [ANN]


async def test_who_never_came_is_no_error_and_telegram_away_asks_to_come_again(webhook: House) -> None:
    chat_id = await group(webhook)
    good = code(webhook)
    (link,) = links(await webhook.person(ANN).say(CODE))
    good.over = True
    await webhook.fail_next(method="banChatMember", status=502)
    await join(webhook, ANN, link)
    with pytest.raises(DependencyUnavailableError):
        await webhook.client.part_member(ref(webhook, good))
    await webhook.client.part_member(ref(webhook, good))
    assert (await look(webhook, chat_id))["members"] == []
    webhook.codes.good.clear()
    await webhook.client.part_member(ref(webhook, good))


async def test_only_a_chat_in_which_the_bot_has_the_rights_can_be_named(webhook: House) -> None:
    chat_id = await group(webhook, "Club\n<members>")
    asked = CheckChats(account_id=webhook.codes.account_id, project_id=webhook.codes.project_id, chat_ids=[chat_id])
    assert (await webhook.client.check_chats(asked)).data == [ProjectChat(chat_id=chat_id, title="Club <members>")]
    with pytest.raises(RemoteProblem) as refused:
        await webhook.client.check_chats(asked.model_copy(update={"chat_ids": [chat_id, -1009]}))
    assert (refused.value.problem_status, refused.value.problem_code) == (422, "chat_not_usable")
    assert refused.value.extensions["errors"][0]["field"] == "chat_ids.1"
    await webhook.fail_next(method="getChat", status=502)
    with pytest.raises(DependencyUnavailableError):
        await webhook.client.check_chats(asked)
    webhook.codes.bots.clear()
    with pytest.raises(RemoteProblem) as alone:
        await webhook.client.check_chats(asked)
    assert alone.value.problem_code == "bot_not_connected"
