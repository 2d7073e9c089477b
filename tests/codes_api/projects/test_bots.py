"""Connecting a bot: Telegram's word on the token, one project a bot, the token sealed and never shown."""

import hashlib
import json
from uuid import UUID

import pytest
from codes_api.projects.connect_bot import Connection, connect_bot
from codes_api.projects.errors import BotAlreadyConnectedError
from codes_api.projects.sealing import Sealer
from codes_api.settings import Settings
from pydantic import SecretStr
from shared.contracts.bots import BotIdentity
from shared.db import Database
from shared.errors import RemoteProblem
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_api import Codes, Shop
from tests.support.codes_world import World
from tests.support.races import Work, overlapping


async def test_a_bot_is_connected_and_shown_without_its_token(codes: Codes) -> None:
    creator = codes.creator()
    project = await creator.made("/projects", {"name": "Club"})
    token = codes.gateway.make_bot(42, username="alpine_bot")
    answer = await creator.ask("PUT", f"/projects/{project['id']}/bot", {"token": token})
    assert answer.status_code == 200
    assert set(answer.json()) == {"bot_id", "username", "owner_link"}
    assert (answer.json()["bot_id"], answer.json()["username"]) == (42, "alpine_bot")
    link, _, link_token = answer.json()["owner_link"].partition("owner_")
    assert link == "https://t.me/alpine_bot?start="
    assert len(link_token) == 32

    shown = await creator.get(f"/projects/{project['id']}")
    assert shown["bot"] == {"bot_id": 42, "username": "alpine_bot", "owner_chat_linked": False}
    assert await creator.get(f"/projects/{project['id']}/bot") == shown["bot"]
    assert token not in str(shown)

    inside = await codes.internal.bot(42)
    assert (inside.token.get_secret_value(), inside.project_name) == (token, "Club")
    assert (inside.account_id, inside.project_id) == (creator.account_id, UUID(project["id"]))
    assert [bot.bot_id for bot in (await codes.internal.bots()).data] == [42]

    async with codes.state.database.transaction() as session:
        row = (await session.execute(text("SELECT * FROM bots"))).mappings().one()
        events = (await session.execute(text("SELECT type, payload FROM outbox"))).all()
    assert row["owner_link_hash"] == hashlib.sha256(link_token.encode()).digest()
    assert token.encode() not in row["token_sealed"]
    assert list(events) == [("bot.connected", {"bot_id": 42})]


async def test_a_token_that_telegram_refuses(codes: Codes) -> None:
    creator = codes.creator()
    project = await creator.made("/projects", {"name": "Club"})
    path = f"/projects/{project['id']}/bot"
    refused = await creator.ask("PUT", path, {"token": "1:not-a-token"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bot_token_invalid")
    assert "not-a-token" not in refused.text
    assert (await creator.ask("GET", path)).status_code == 404


@pytest.mark.parametrize("token", ["", "  ", "7" * 201, "a\x00b", "\ud800", "1:\u00e9/../getMe"])
async def test_whatever_is_no_token_is_refused_in_the_same_way(codes: Codes, token: str) -> None:
    creator = codes.creator()
    project = await creator.made("/projects", {"name": "Club"})
    body = json.dumps({"token": token}).encode()  # the way in which half a surrogate pair can come
    refused = await creator.send("PUT", f"/projects/{project['id']}/bot", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "bot_token_invalid")
    assert [error["field"] for error in refused.json()["errors"]] == ["token"]
    assert "7777" not in refused.text


async def test_white_space_around_a_pasted_token_is_no_part_of_it(codes: Codes) -> None:
    creator = codes.creator()
    project = await creator.made("/projects", {"name": "Club"})
    token = codes.gateway.make_bot(42, username="alpine_bot")
    assert (await creator.put(f"/projects/{project['id']}/bot", {"token": f" {token}\n"}))["bot_id"] == 42
    assert (await codes.internal.bot(42)).token.get_secret_value() == token


async def test_the_same_bot_again_keeps_the_chat_and_gives_a_fresh_link(codes: Codes, shop: Shop) -> None:
    before = await codes.internal.bot(1001)
    fresh_token = codes.gateway.make_bot(1001, username="renamed_bot", token=f"1001:{'B' * 35}")
    link = (await shop.creator.put(f"{shop.path}/bot", {"token": fresh_token}))["owner_link"]
    assert link.partition("owner_")[2] != shop.link_token
    now = await codes.internal.bot(1001)
    assert (now.owner_chat_id, now.username) == (555, "renamed_bot")
    assert now.token.get_secret_value() == fresh_token
    assert now.webhook_secret == before.webhook_secret
    with pytest.raises(RemoteProblem) as refused:  # the link before is worth nothing now, not even to its chat
        await shop.link_chat(555)
    assert refused.value.problem_code == "owner_link_unknown"


async def test_another_bot_takes_its_place(codes: Codes, shop: Shop) -> None:
    token = codes.gateway.make_bot(2002, username="second_bot")
    await shop.creator.put(f"{shop.path}/bot", {"token": token})
    (bot,) = (await codes.internal.bots()).data
    assert (bot.bot_id, bot.owner_chat_id) == (2002, None)
    with pytest.raises(RemoteProblem) as gone:
        await codes.internal.bot(1001)
    assert gone.value.problem_status == 404


async def test_a_bot_of_another_project(codes: Codes, shop: Shop) -> None:
    token = next(iter(codes.gateway.bots))
    neighbour = codes.creator()
    project = await neighbour.made("/projects", {"name": "Club"})
    refused = await neighbour.ask("PUT", f"/projects/{project['id']}/bot", {"token": token})
    assert (refused.status_code, refused.json()["code"]) == (409, "bot_already_connected")
    assert (await codes.internal.bot(1001)).account_id == shop.creator.account_id
    own = await shop.creator.made("/projects", {"name": "Second"})
    refused = await shop.creator.ask("PUT", f"/projects/{own['id']}/bot", {"token": token})
    assert refused.json()["code"] == "bot_already_connected"


async def test_two_projects_that_connect_the_same_bot_at_once(codes_database: Database, world: World) -> None:
    neighbour = await world.another()
    sealer = Sealer(Settings(sandbox=True).encryption_key)

    def connects(place: World) -> Work[Connection]:
        async def connect(session: AsyncSession) -> Connection:
            identity = BotIdentity(bot_id=9, username="wanted_bot")
            return await connect_bot(
                session, **place.place, token=SecretStr("9:x"), identity=identity, sealer=sealer, now=place.now
            )

        return connect

    _, second = await overlapping(codes_database, connects(world), connects(neighbour))
    assert isinstance(second, BotAlreadyConnectedError)
    assert await world.one("SELECT account_id FROM bots") == world.account_id


async def test_disconnecting(codes: Codes, shop: Shop) -> None:
    path = f"{shop.path}/bot"
    assert (await shop.creator.ask("DELETE", path)).status_code == 204
    assert (await codes.internal.bots()).data == []
    again = await shop.creator.ask("DELETE", path)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")


async def test_a_bot_sealed_with_another_key_does_not_stop_the_others(codes: Codes) -> None:
    await codes.shop(bot_id=1001)
    await codes.shop(bot_id=3003)
    async with codes.state.database.transaction() as session:
        await session.execute(text("UPDATE bots SET token_sealed = 'stale' WHERE bot_id = 1001"))
    assert [bot.bot_id for bot in (await codes.internal.bots()).data] == [3003]


async def test_access_codes_are_switched_on_and_off(codes: Codes) -> None:
    creator = codes.creator()
    project = await creator.made("/projects", {"name": "Club"})
    path = f"/projects/{project['id']}/payment-methods/access-codes"
    assert await creator.get(path) == {"enabled": False}
    assert await creator.put(path, {"enabled": True}) == {"enabled": True}
    assert await creator.get(path) == {"enabled": True}
    assert (await creator.get(f"/projects/{project['id']}"))["access_codes_enabled"] is True
    for wrong in ({"enabled": "yes"}, {"enabled": 1}, {"enabled": None}, {}):
        refused = await creator.ask("PUT", path, wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "enabled")
