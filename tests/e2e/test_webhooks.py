"""A creator's server beside the whole stack: told of everything in order of time, given up on after three days."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from memberpass_local.demo.checks import eventually
from memberpass_local.demo.world import World

from tests.e2e.shop import open_shop
from tests.support.webhook_receiver import Receiver, receiving

DAY_S = 24 * 3600


async def advance(world: World, seconds: int) -> datetime:
    """Move the sandbox clock, and wait until everything on the way is done; the moment before."""
    operator = world.billing(world.urls.operator_key)
    before = datetime.fromisoformat((await operator.call("GET", "/v1/sandbox/clock"))["now"])
    await operator.call("POST", "/v1/sandbox/clock", {"seconds": seconds})

    async def ready() -> bool | None:
        return True if (await operator.call("GET", "/v1/sandbox/clock"))["status"] == "ready" else None

    await eventually("the clock is ready", ready, patience=90)
    return before


@pytest.mark.timeout(180)
async def test_a_creators_server_is_told_and_a_dead_one_given_up(world: World) -> None:
    async with receiving() as receiver:
        receiver.answers["/dead"] = 500
        shop = await open_shop(world)
        hooks = f"{shop.project}/webhooks"
        good = await shop.codes.call("POST", hooks, {"url": f"{receiver.url}/good"})
        dead = await shop.codes.call("POST", hooks, {"url": f"{receiver.url}/dead", "events": ["access_codes.generated"]})
        batch = await shop.request(2)
        await shop.delivered(batch["id"])
        code = min(await shop.listed_codes())
        member = world.chat(4242, f"e2e{world.suffix}_bot")
        await member.ask(code, "the member is welcomed", lambda message: "Welcome" in message["text"])
        await _told(receiver, {"access_codes.generated": 1, "access_code.redeemed": 1, "membership.activated": 1}, good["secret"])

        before = await advance(world, 4 * DAY_S)
        seen = await shop.codes.call("GET", f"{hooks}/{dead['id']}")
        assert (seen["enabled"], seen["disabled_reason"]) == (False, "failing")
        (delivery,) = (await shop.codes.call("GET", f"{hooks}/{dead['id']}/deliveries"))["data"]
        moments = [datetime.fromisoformat(one["attempted_at"]) - before for one in delivery["attempts"]]
        assert (len(moments), delivery["status"]) == (10, "failed")
        assert timedelta(days=2, hours=23) < moments[-1] < timedelta(days=3, minutes=1)
        texts = [message["text"] for message in await shop.chat.messages() if message["from_bot"]]
        assert sum("a webhook is switched off" in text for text in texts) == 1

        await advance(world, 40 * DAY_S)
        messages = await _told(receiver, {"membership.ended": 1}, good["secret"])
        assert messages["membership.ended"]["data"]["reason"] == "ended"
        assert {one.path for one in receiver.received if one.id == delivery["id"]} == {"/dead"}


async def _told(receiver: Receiver, expected: dict[str, int], secret: str) -> dict[str, Any]:
    """Once the good server has been told that, each once."""

    async def look() -> dict[str, Any] | None:
        messages = [one.verified(secret) for one in receiver.at("/good")]
        counted = Counter(message["type"] for message in messages)
        assert max(counted.values(), default=1) == 1
        return {message["type"]: message for message in messages} if expected.items() <= counted.items() else None

    return await eventually(f"told of {sorted(expected)}", look, patience=60)
