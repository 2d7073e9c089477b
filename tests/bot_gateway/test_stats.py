"""`/stats`: the creator gets the picture, anybody else the usual hint."""

import struct
import zlib
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from aiogram.methods import SendPhoto
from bot_gateway import creator_texts, texts
from bot_gateway.pace import Pace
from shared.contracts.accounts import Branding
from shared.contracts.bots import OwnerChatLinked
from shared.contracts.statistics import CodeStatistics, DayCount

from tests.bot_gateway.house import TOKEN, House, Neighbours, Person, gateway, until
from tests.bot_gateway.minimal_bot_api import MinimalBotApi
from tests.bot_gateway.test_pace import sent_at, simulate
from tests.support.codes_stand_in import CodesStandIn
from tests.support.in_process import served

OWNER = 7


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 540, 600, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * 540) * 600))
    + _chunk(b"IEND", b"")
)


def statistics(codes: CodesStandIn, **changes: Any) -> CodeStatistics:
    first = date(2026, 7, 1)
    values: dict[str, Any] = {
        "project_id": codes.project_id,
        "project_name": "<North & wind>",
        "batch_id": None,
        "batch_name": None,
        "generated": 1200,
        "delivered": 1200,
        "unredeemed": 1042,
        "redeemed": 150,
        "expired": 5,
        "revoked": 3,
        "first_redeemed_at": "2026-07-01T10:00:00Z",
        "last_redeemed_at": "2026-07-30T18:30:00Z",
        "first_day": first,
        "last_day": first + timedelta(days=29),
        "redemptions_per_day": [DayCount(date=first + timedelta(days=day), redeemed=2) for day in range(30)],
    }
    return CodeStatistics(**(values | changes))


async def creator(house: House) -> Person:
    person = house.person(OWNER)
    await person.say("/help")
    house.codes.bots[house.bot_id] = house.codes.bots[house.bot_id].model_copy(update={"owner_chat_id": OWNER})
    house.codes.statistics, house.codes.picture = statistics(house.codes), PNG
    return person


async def test_the_creator_gets_the_picture_with_its_figures(both: House) -> None:
    owner = await creator(both)
    answer = await owner.say("/stats")
    assert (answer["photo"]["width"], answer["photo"]["height"]) == (540, 600)
    assert (await both.telegram.get(answer["photo"]["url"])).content == PNG
    assert answer["text"] == (
        "<North & wind>: 150 of 1,200 codes redeemed\n\nUnredeemed: 1,042\nExpired: 5\nRevoked: 3\n"
        "Redeemed in the last 30 days: 60\nLast redemption: 30 July 2026, 18:30 UTC"
    )
    assert len(await owner.heard()) == 2


async def test_the_command_in_other_forms(webhook: House) -> None:
    owner = await creator(webhook)
    for text in ("/STATS", f"/stats@{webhook.username}", "/stats now"):
        assert (await owner.say(text))["photo"] is not None, text


async def test_nobody_else_learns_anything(webhook: House) -> None:
    await creator(webhook)
    stranger = webhook.person(8)
    answer = await stranger.say("/stats")
    assert (answer["photo"], answer["text"]) == (None, (await stranger.say("what?"))["text"])
    assert answer["text"].startswith("I didn't understand that.")
    assert not [path for path, _ in webhook.codes.calls if "/stats" in path]


async def test_before_a_chat_is_linked_nobody_is_the_creator(webhook: House) -> None:
    webhook.codes.statistics, webhook.codes.picture = statistics(webhook.codes), PNG
    assert (await webhook.person(OWNER).say("/stats"))["photo"] is None
    assert not [path for path, _ in webhook.codes.calls if "/stats" in path]


async def test_when_a_code_is_waited_for_it_is_still_a_command(webhook: House) -> None:
    owner = await creator(webhook)
    await owner.say("/redeem")
    assert (await owner.say("/stats"))["photo"] is not None
    assert webhook.codes.redeem_calls == 0


async def test_a_server_that_knows_no_pictures_gets_words(around: Neighbours, redis_url: str) -> None:
    """It answers a plain 404, also to a picture of a usual size, whose body it doesn't read."""
    api = MinimalBotApi(token="42:abcdefghijklmnopqrstuvwxyz0123456789", bot_id=42, username="small_bot", member=OWNER)
    around.codes = codes = CodesStandIn(TOKEN)
    connected = codes.connect(bot_id=42, token=api.token, username=api.username)
    codes.bots[42] = connected.model_copy(update={"owner_chat_id": OWNER})
    codes.statistics, codes.picture = statistics(codes), b"x" * 300_000
    async with (
        served(api.app()) as telegram_url,
        gateway(around, redis_url, telegram_mode="polling", telegram_api_base=telegram_url),
    ):
        api.say("/stats")
        await until(lambda: bool(api.messages))
        assert "150 of 1,200 codes redeemed" in api.last["text"]


async def test_a_refused_picture_comes_in_words(webhook: House) -> None:
    owner = await creator(webhook)
    for status in (400, 409):
        await webhook.fail_next(method="sendPhoto", status=status)
        answer = await owner.say("/stats")
        assert (answer["photo"], "150 of 1,200" in answer["text"]) == (None, True), status


async def test_an_error_that_passes_brings_the_picture_later(webhook: House) -> None:
    owner = await creator(webhook)
    await webhook.fail_next(method="sendPhoto", status=502)
    assert (await owner.say("/stats"))["photo"] is not None
    assert len(await owner.heard()) == 2


async def test_without_a_picture_the_words_come_alone(webhook: House) -> None:
    owner = await creator(webhook)
    webhook.codes.picture = None
    answer = await owner.say("/stats")
    assert (answer["photo"], "150 of 1,200" in answer["text"]) == (None, True)


async def test_codes_api_away(webhook: House) -> None:
    owner = await creator(webhook)
    await owner.say("/help")  # so that the gateway knows whose chat it is
    webhook.codes.away = True
    assert "can't reach the membership service" in (await owner.say("/stats"))["text"]


async def test_the_branding_is_under_the_picture(webhook: House) -> None:
    owner = await creator(webhook)
    connected = webhook.codes.bots[webhook.bot_id]
    webhook.codes.bots[webhook.bot_id] = connected.model_copy(update={"branding": Branding.EVERYWHERE})
    assert (await owner.say("/stats"))["text"].endswith("\n\nPowered by MemberPass")


async def test_no_codes_yet(webhook: House) -> None:
    owner = await creator(webhook)
    nothing = dict.fromkeys(("generated", "delivered", "unredeemed", "redeemed", "expired", "revoked"), 0)
    webhook.codes.statistics = statistics(webhook.codes, **nothing, first_redeemed_at=None, last_redeemed_at=None)
    assert "No codes yet" in (await owner.say("/stats"))["text"]


async def test_the_longest_caption_is_taken(webhook: House) -> None:
    owner = await creator(webhook)
    webhook.codes.statistics = statistics(webhook.codes, project_name="&" * 100, generated=10**12, redeemed=10**12)
    assert (await owner.say("/stats"))["photo"] is not None


def test_a_picture_waits_for_its_turn() -> None:
    photos = [SendPhoto(chat_id=1, photo="x") for _ in range(3)]
    assert simulate(lambda: sent_at(Pace(chat_rate=1, bot_rate=25), photos)) == [0.0, 1.0, 2.0]  # type: ignore[arg-type]


def test_the_creator_is_told_of_the_command_and_members_are_not() -> None:
    linked = OwnerChatLinked(project_id=uuid4(), project_name="Northwind", waiting_batches=0)
    assert "/stats" in creator_texts.linked(linked)
    assert "stats" not in {command for command, _ in texts.COMMANDS}
    assert "/stats" not in texts.HELP
