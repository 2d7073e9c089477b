"""A private group across all services and the sandbox clock: in by a link that works once, reminded, out, and in again (T5)."""

from datetime import datetime
from typing import Any

import pytest
from memberpass_local.demo.checks import eventually
from memberpass_local.demo.people import Chat, Json
from memberpass_local.demo.world import World

from tests.e2e.shop import Shop, open_shop
from tests.e2e.test_webhooks import DAY_S, advance

MEMBER, STRANGER = 5151, 5252
pytestmark = pytest.mark.timeout(180)


async def _group(world: World) -> int:
    """A group whose administrator is the shop's bot."""
    body = {"title": "Lounge", "bot": f"e2e{world.suffix}_bot"}
    answer = await world.http.post(f"{world.urls.telegram}/sandbox/groups", json=body)
    answer.raise_for_status()
    chat_id: int = answer.json()["chat_id"]
    return chat_id


async def _join(world: World, user_id: int, link: str) -> int:
    body = {"user_id": user_id, "invite_link": link}
    return (await world.http.post(f"{world.urls.telegram}/sandbox/groups/joins", json=body)).status_code


async def _inside(world: World, chat_id: int) -> list[int]:
    groups = (await world.http.get(f"{world.urls.telegram}/sandbox/groups")).json()["groups"]
    (members,) = [group["members"] for group in groups if group["chat_id"] == chat_id]
    return list(members)


def _link(message: Json) -> str:
    (link,) = [button["url"] for row in message["buttons"] for button in row if button.get("url")]
    return str(link)


async def _redeemed(shop: Shop, member: Chat) -> str:
    """Generate a code, have the member redeem it; the link they get."""
    known = await shop.listed_codes()
    await shop.delivered((await shop.request(1))["id"])
    (code,) = await shop.listed_codes() - known
    return _link(await member.ask(code, "the member is welcomed", lambda message: "Welcome" in message["text"]))


async def _days_of_membership(shop: Shop) -> int:
    """A month has 28 to 31 days, and the clock of this stack has been moved by others."""
    (membership,) = (await shop.codes.call("GET", f"{shop.project}/memberships?telegram_id={MEMBER}"))["data"]
    starts, ends = (datetime.fromisoformat(membership[name]) for name in ("starts_at", "ends_at"))
    return (ends - starts).days


async def _told(member: Chat, part: str, times: int) -> Json:
    async def look() -> Any:
        found = [message for message in await member.messages() if message["from_bot"] and part in message["text"]]
        return found if len(found) >= times else None

    found = await eventually(f"told: {part}", look, patience=60)
    assert len(found) == times
    last: Json = found[-1]
    return last


async def test_in_by_a_link_reminded_out_and_in_again(world: World) -> None:
    shop = await open_shop(world)
    group = await _group(world)
    named = await shop.codes.call("POST", f"{shop.project}/chats", {"chat_id": group})
    assert (named["title"], named["trouble_since"]) == ("Lounge", None)
    member = world.chat(MEMBER, f"e2e{world.suffix}_bot")
    link = await _redeemed(shop, member)
    assert await _join(world, MEMBER, link) == 200
    assert await _join(world, STRANGER, link) == 409
    assert await _inside(world, group) == [MEMBER]

    days = await _days_of_membership(shop)
    await advance(world, (days - 2) * DAY_S)
    await _told(member, "ends soon", 1)
    assert await _inside(world, group) == [MEMBER]
    await advance(world, 3 * DAY_S)
    goodbye = await _told(member, "has ended", 1)
    assert await _inside(world, group) == []
    assert await _join(world, MEMBER, link) == 409

    await member.press(goodbye, "home")
    second = await _redeemed(shop, member)
    assert second != link
    assert await _join(world, MEMBER, second) == 200
    assert await _inside(world, group) == [MEMBER]
    await advance(world, 40 * DAY_S)
    await _told(member, "ends soon", 2)
    await _told(member, "has ended", 1)  # the first became the plan list
    assert await _inside(world, group) == []
