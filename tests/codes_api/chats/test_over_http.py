"""A creator names the private chats of a project (rules.md T5)."""

from tests.support.codes_api import Codes, Shop

LOUNGE, NEWS = -1001234567890, -1009876543210


async def refusal(shop: Shop, chat_id: object, path: str | None = None) -> tuple[int, str]:
    answer = await shop.creator.post(f"{path or shop.path}/chats", {"chat_id": chat_id})
    return answer.status_code, answer.json()["code"]


async def has_chats(codes: Codes) -> bool:
    (bot,) = (await codes.internal.bots()).data
    return bot.has_chats


async def test_named_listed_and_taken_back(codes: Codes, shop: Shop) -> None:
    codes.gateway.chats |= {LOUNGE: "Lounge", NEWS: "News"}
    assert not await has_chats(codes)
    first = await shop.creator.made(f"{shop.path}/chats", {"chat_id": LOUNGE})
    assert (first["chat_id"], first["title"], first["trouble_since"]) == (LOUNGE, "Lounge", None)
    second = await shop.creator.made(f"{shop.path}/chats", {"chat_id": NEWS, "title": " What's new "})
    assert second["title"] == "What's new"
    assert await shop.creator.get(f"{shop.path}/chats") == {"data": [second, first], "next_cursor": None}
    assert await has_chats(codes)
    for chat_id in (LOUNGE, NEWS):
        assert (await shop.creator.ask("DELETE", f"{shop.path}/chats/{chat_id}")).status_code == 204
    assert not await has_chats(codes)
    for nonsense in (LOUNGE, "lounge", 7, 10**30):
        answer = await shop.creator.ask("DELETE", f"{shop.path}/chats/{nonsense}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_gateway_reads_the_bot_again(codes: Codes, shop: Shop) -> None:
    codes.gateway.chats[LOUNGE] = "Lounge"
    count = "SELECT count(*) FROM outbox WHERE type = 'bot.connected'"

    async def events() -> int:
        async with codes.state.database.transaction() as session:
            connection = await session.connection()
            return int((await connection.exec_driver_sql(count)).scalar_one())

    before = await events()
    await shop.creator.made(f"{shop.path}/chats", {"chat_id": LOUNGE})
    await shop.creator.ask("DELETE", f"{shop.path}/chats/{LOUNGE}")
    assert await events() == before + 2


async def test_named_again_it_is_checked_again(codes: Codes, shop: Shop) -> None:
    codes.gateway.chats[LOUNGE] = "Lounge"
    await shop.creator.made(f"{shop.path}/chats", {"chat_id": LOUNGE})
    place = (shop.creator.account_id, shop.project_id)
    for _ in range(2):
        await codes.internal.report_chat_trouble(*place, LOUNGE)
    (troubled,) = (await shop.creator.get(f"{shop.path}/chats"))["data"]
    assert troubled["trouble_since"] is not None
    codes.gateway.chats[LOUNGE] = "Gold lounge"
    again = await shop.creator.made(f"{shop.path}/chats", {"chat_id": LOUNGE})
    assert (again["title"], again["trouble_since"], again["named_at"]) == ("Gold lounge", None, troubled["named_at"])
    codes.gateway.chats.clear()
    assert await refusal(shop, LOUNGE) == (422, "chat_rights_missing")


async def test_the_same_key_names_it_once(codes: Codes, shop: Shop) -> None:
    codes.gateway.chats[LOUNGE] = "Lounge"
    answers = [await shop.creator.post(f"{shop.path}/chats", {"chat_id": LOUNGE}, key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    answer = await shop.creator.post(f"{shop.path}/chats", {"chat_id": NEWS}, key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_what_is_refused(codes: Codes, shop: Shop) -> None:
    assert await refusal(shop, LOUNGE) == (422, "chat_rights_missing")
    for nonsense in ("lounge", str(LOUNGE), 0, 5, -(2**60), True, None):
        assert await refusal(shop, nonsense) == (422, "validation_failed"), nonsense
    bare = f"/projects/{(await shop.creator.made('/projects', {'name': 'Bare'}))['id']}"
    assert await refusal(shop, LOUNGE, bare) == (409, "bot_not_connected")
    codes.gateway.chats[LOUNGE] = "Lounge"
    await shop.creator.made(f"{shop.path}/chats", {"chat_id": LOUNGE})
    await shop.creator.put(f"{bare}/bot", {"token": codes.gateway.make_bot(2002)})
    assert await refusal(shop, LOUNGE, bare) == (409, "chat_taken")
    await shop.creator.ask("DELETE", bare)
    assert await refusal(shop, LOUNGE, bare) == (409, "project_archived")


async def test_twenty_are_the_most(codes: Codes, shop: Shop) -> None:
    codes.gateway.chats |= {-1000 - n: f"Chat {n}" for n in range(21)}
    for n in range(20):
        await shop.creator.made(f"{shop.path}/chats", {"chat_id": -1000 - n})
    assert await refusal(shop, -1020) == (409, "chat_limit_reached")
    await shop.creator.made(f"{shop.path}/chats", {"chat_id": -1000})  # one that is named already needs no place
    assert len((await shop.creator.get(f"{shop.path}/chats"))["data"]) == 20
