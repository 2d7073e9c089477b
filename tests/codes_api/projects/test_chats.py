"""The private chats of a project (rules.md T5)."""

from typing import Any

import pytest
from shared.contracts.bots import MembershipRef, ProjectChat
from shared.contracts.redemptions import TypedCode
from shared.errors import RemoteProblem
from shared.ids import new_id

from tests.support.codes_api import Shop

MEMBERS, NEWS = -1001, -1002
ANNA = 700100200


async def named(shop: Shop, *chat_ids: int) -> dict[str, Any]:
    shop.codes.gateway.chats = {MEMBERS: "Club: members", NEWS: "Club: news"}
    return await shop.creator.put(f"{shop.path}/chats", {"chat_ids": list(chat_ids)})


async def test_chats_are_named_and_reach_the_gateway_with_the_bot(shop: Shop) -> None:
    assert await shop.creator.get(f"{shop.path}/chats") == {"chats": []}
    both = {"chats": [{"chat_id": NEWS, "title": "Club: news"}, {"chat_id": MEMBERS, "title": "Club: members"}]}
    assert await named(shop, NEWS, MEMBERS) == both
    assert await shop.creator.get(f"{shop.path}/chats") == both
    news, members = ProjectChat(chat_id=NEWS, title="Club: news"), ProjectChat(chat_id=MEMBERS, title="Club: members")
    assert (await shop.codes.internal.bot(1001)).chats == [news, members]
    assert (await named(shop, MEMBERS))["chats"] == both["chats"][1:]
    assert [bot.chats for bot in (await shop.codes.internal.bots()).data] == [[members]]
    assert await named(shop) == {"chats": []}


@pytest.mark.parametrize(
    ("chat_ids", "field"),
    [
        ([1], "chat_ids.0"),
        ([MEMBERS, 0], "chat_ids.1"),
        (["-1001"], "chat_ids.0"),
        ([True], "chat_ids.0"),
        ([-(2**60)], "chat_ids.0"),
        ([MEMBERS, MEMBERS], "chat_ids"),
        ([-1, -2, -3, -4, -5, -6], "chat_ids"),
        (None, "chat_ids"),
    ],
)
async def test_what_is_no_list_of_chats(shop: Shop, chat_ids: object, field: str) -> None:
    refused = await shop.creator.ask("PUT", f"{shop.path}/chats", {"chat_ids": chat_ids})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert refused.json()["errors"][0]["field"] == field


async def test_a_chat_in_which_the_bot_can_do_nothing_changes_nothing(shop: Shop) -> None:
    before = await named(shop, MEMBERS)
    refused = await shop.creator.ask("PUT", f"{shop.path}/chats", {"chat_ids": [NEWS, -1003]})
    assert (refused.status_code, refused.json()["code"]) == (422, "chat_not_usable")
    assert [error["field"] for error in refused.json()["errors"]] == ["chat_ids.1"]
    assert await shop.creator.get(f"{shop.path}/chats") == before


async def test_an_archived_project_names_none(shop: Shop) -> None:
    await named(shop, MEMBERS)
    await shop.creator.ask("DELETE", shop.path)
    refused = await shop.creator.ask("PUT", f"{shop.path}/chats", {"chat_ids": []})
    assert (refused.status_code, refused.json()["code"]) == (409, "project_archived")


async def test_whose_membership_it_is_and_whether_another_runs(shop: Shop) -> None:
    batch = await shop.ready(1)
    (row,) = (await shop.creator.get(f"{shop.path}/codes", batch_id=str(batch.batch_id)))["data"]
    place = (shop.creator.account_id, shop.project_id)
    given = await shop.codes.internal.redeem(*place, TypedCode(text=row["code"], telegram_id=ANNA))
    named = MembershipRef(account_id=place[0], project_id=place[1], membership_id=given.membership.id)
    of = await shop.codes.internal.member_of(named)
    assert (of.telegram_id, of.is_member, of.membership) == (ANNA, True, given.membership)
    await shop.creator.ask("DELETE", f"{shop.path}/memberships/{given.membership.id}")
    of = await shop.codes.internal.member_of(named)
    assert (of.telegram_id, of.is_member, of.membership.status) == (ANNA, False, "cancelled")
    with pytest.raises(RemoteProblem) as unknown:
        await shop.codes.internal.member_of(named.model_copy(update={"membership_id": new_id()}))
    assert unknown.value.problem_status == 404
