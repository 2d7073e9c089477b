"""Polling, against a Bot API server that knows five methods and nothing else (rules.md T4, issue 2)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import pytest

from tests.bot_gateway.house import TOKEN, Neighbours, Running, gateway, until
from tests.bot_gateway.minimal_bot_api import KNOWN, MinimalBotApi
from tests.support.codes_stand_in import CodesStandIn, GoodCode, plan
from tests.support.in_process import served

CODE = "ABCDEFGHJKMNPQRS"


@dataclass
class Small:
    telegram: MinimalBotApi
    codes: CodesStandIn
    running: Running

    async def heard(self, part: str) -> None:
        await until(lambda: bool(self.telegram.messages) and part in self.telegram.last["text"])


@pytest.fixture
async def small(around: Neighbours, redis_url: str) -> AsyncIterator[Small]:
    api = MinimalBotApi(token="42:abcdefghijklmnopqrstuvwxyz0123456789", bot_id=42, username="small_bot")
    around.codes = codes = CodesStandIn(TOKEN)
    codes.connect(bot_id=42, token=api.token, username=api.username)
    codes.good[CODE] = GoodCode(plan("Gold"))
    async with (
        served(api.app()) as telegram_url,
        gateway(around, redis_url, telegram_mode="polling", telegram_api_base=telegram_url) as running,
    ):
        yield Small(api, codes, running)


async def test_five_methods_are_enough_to_redeem(small: Small) -> None:
    small.telegram.say(f"/start code_{CODE}")
    await small.heard("Tap <b>Confirm</b>")
    buttons = orjson.loads(small.telegram.last["reply_markup"])["inline_keyboard"]
    small.telegram.press(small.telegram.last["message_id"], buttons[0][0]["callback_data"])
    await small.heard("Welcome to Gold")
    assert small.codes.good[CODE].redeemed_by == small.telegram.member
    assert set(small.telegram.called) <= set(KNOWN)


async def test_five_methods_are_enough_to_redeem_also_where_there_are_chats(small: Small) -> None:
    small.codes.bots[42] = small.codes.bots[42].model_copy(update={"has_chats": True})
    small.codes.chats = {-1001: "Lounge"}
    small.telegram.say(CODE)
    await small.heard("Welcome to Gold")
    assert "Get my invite links" in small.telegram.last["reply_markup"]
    assert len(small.telegram.messages) == 1


async def test_errors_of_the_server_are_survived(small: Small) -> None:
    await until(lambda: len(small.telegram.offsets) > 0)
    small.telegram.failures += [500, 409]
    small.telegram.say("/help")
    await small.heard("How this works")


async def test_a_refused_token_is_not_asked_again(small: Small) -> None:
    await until(lambda: len(small.telegram.offsets) > 0)
    small.telegram.failures.append(401)
    bots = small.running.app.state.gateway.bots
    await until(bots.get(42).task.done)
    assert not bots.get(42).listening.is_set()


async def test_an_unreadable_update_does_not_stop_those_behind_it(small: Small) -> None:
    small.telegram.push_raw({"message": {"text": 7}})
    small.telegram.push_raw({"brand_new_kind": {}})
    small.telegram.say("/help")
    await small.heard("How this works")
    await until(lambda: small.telegram.offsets[-1] == 4)


async def test_an_update_is_confirmed_only_when_it_was_handled(small: Small) -> None:
    small.codes.held = True
    small.telegram.say(CODE)
    small.telegram.member = 777
    small.telegram.say("/help")
    await small.heard("How this works")
    assert small.telegram.offsets[-1] <= 1
    small.codes.held = False
    await small.heard("Welcome to Gold")
    await until(lambda: small.telegram.offsets[-1] == 3)
    assert len(small.telegram.messages) == 2


async def test_a_server_that_answers_at_once_is_not_asked_without_pause(small: Small) -> None:
    await until(lambda: len(small.telegram.offsets) > 0)
    before = len(small.telegram.offsets)
    small.telegram.say("/help")
    await small.heard("How this works")
    small.telegram.say("/status")
    await small.heard("none yet")
    assert len(small.telegram.offsets) - before < 30
