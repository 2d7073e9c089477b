"""Redis away: who sends a code is still understood (architecture: the conversation asks codes-api)."""

from aiogram.fsm.storage.base import StorageKey
from bot_gateway.storage import open_storage

from tests.bot_gateway.house import Neighbours, gateway, house
from tests.support.codes_stand_in import GoodCode, plan

NOWHERE = "redis://127.0.0.1:1/0"
KEY = StorageKey(bot_id=1, chat_id=2, user_id=2)
CODE = "ABCDEFGHJKMNPQRS"


async def test_state_is_kept_for_each_bot(redis_url: str) -> None:
    storage = open_storage(redis_url)
    await storage.set_state(KEY, "waiting")
    assert await storage.get_state(KEY) == "waiting"
    assert await storage.get_state(StorageKey(bot_id=9, chat_id=2, user_id=2)) is None
    await storage.set_state(KEY, None)
    assert await storage.get_state(KEY) is None
    await storage.close()


async def test_an_outage_is_no_state() -> None:
    storage = open_storage(NOWHERE)
    await storage.set_state(KEY, "waiting")
    assert await storage.get_state(KEY) is None
    await storage.set_data(KEY, {"a": 1})
    assert await storage.get_data(KEY) == {}
    await storage.close()


async def test_the_conversation_goes_on_without_redis(around: Neighbours) -> None:
    async with gateway(around, NOWHERE, telegram_mode="webhook") as running, house(around, running) as built:
        built.codes.good[CODE] = GoodCode(plan("Gold"))
        member = built.person()
        await member.press(await member.say("/start"), "Redeem a code")
        assert "Welcome to Gold" in (await member.say("abcd efgh jkmn pqrs"))["text"]
