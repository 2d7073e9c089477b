"""The exports: a project's by filters, a batch's; over HTTP, and as the bot's document."""

import asyncio
import csv
import gc
import io
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from codes_api.codes import export
from codes_api.codes.alphabet import canonical, shown
from codes_api.codes.export import batch_csv, stream_csv
from codes_api.codes.export_pages import BatchRows
from codes_api.codes.models import AccessCode
from codes_api.codes.redeem import redeem
from codes_api.codes.search import CodeFilters
from codes_api.codes.status import CodeStatus
from shared.errors import NotFoundError

from tests.support.codes_api import Shop
from tests.support.codes_world import NOW, World

TEMPLATE = "https://t.me/{bot}?start=code_{code}"


async def streamed(world: World, filters: CodeFilters, *, oldest_first: bool = False) -> str:
    pieces = stream_csv(
        world.database, **world.place, filters=filters, join_link_template=TEMPLATE, now=NOW, oldest_first=oldest_first
    )
    return b"".join([piece async for piece in pieces]).decode()


async def exported(world: World, filters: CodeFilters, *, oldest_first: bool = False) -> list[dict[str, str]]:
    text = await streamed(world, filters, oldest_first=oldest_first)
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def test_a_line_a_code_with_its_dates(world: World) -> None:
    await world.bot("club_bot")
    monthly = await world.plan("month", name="=Gold", price_amount=500, price_currency="JPY")
    one, two = await world.codes(monthly, 2, expires_in=timedelta(days=3))
    lifetime = await world.code(await world.plan("lifetime"))
    await redeem(world.database, **world.place, typed=two, telegram_id=1, now=NOW + timedelta(days=1))
    rows = {row["Access Code"]: row for row in await exported(world, CodeFilters())}
    assert len(rows) == 3
    assert rows[shown(one)] == {
        "Access Code": shown(one),
        "Plan Name": "'=Gold",
        "Join Link": f"https://t.me/club_bot?start=code_{shown(one)}",
        "Expires At": "2026-07-04T12:00:00Z",
        "Price": "500",
        "Currency": "JPY",
        "Started On": "2026-07-01T12:00:00Z",
        "Ends On": "2026-08-01T12:00:00Z",
    }
    assert rows[shown(two)]["Ends On"] == "2026-08-02T12:00:00Z"
    assert (rows[shown(lifetime)]["Ends On"], rows[shown(lifetime)]["Expires At"]) == ("", "")


async def test_without_a_bot_the_link_is_empty(world: World) -> None:
    await world.code(await world.plan())
    assert [row["Join Link"] for row in await exported(world, CodeFilters())] == [""]


async def test_pages_are_joined_without_a_seam(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_id = await world.plan()
    made = [code for _ in range(3) for code in await world.codes(plan_id, 5)]
    for size in (1, 4, 5, 15, 16):
        monkeypatch.setattr(export, "PAGE", size)
        rows = [canonical(row["Access Code"]) for row in await exported(world, CodeFilters(), oldest_first=True)]
        assert rows == made
        assert [canonical(row["Access Code"]) for row in await exported(world, CodeFilters())] == made[::-1]
    assert await exported(world, CodeFilters(status=CodeStatus.REVOKED)) == []


async def test_no_more_than_two_pages_are_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is sent, and the one that is read meanwhile."""
    monkeypatch.setattr(export, "PAGE", 100)
    await world.batch(await world.plan(), 1000)
    pieces = stream_csv(world.database, **world.place, filters=CodeFilters(), join_link_template=TEMPLATE, now=NOW)
    seen = held = 0
    async for piece in pieces:
        seen += piece.count(b"\r\n")
        if seen in {201, 801}:
            gc.collect()
            held = max(held, sum(thing.quantity for thing in gc.get_objects() if isinstance(thing, BatchRows)))
    assert seen == 1001
    assert 100 <= held <= 200


async def test_a_reader_who_goes_away_leaves_nothing_running(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 10)
    await world.batch(await world.plan(), 100)
    before = asyncio.all_tasks()
    pieces = stream_csv(world.database, **world.place, filters=CodeFilters(), join_link_template=TEMPLATE, now=NOW)
    assert isinstance(pieces, AsyncGenerator)
    for _ in range(3):
        await anext(pieces)
    await pieces.aclose()
    assert asyncio.all_tasks() == before
    assert await world.count(AccessCode) == 100  # and the pool is whole


async def test_the_bots_document_is_the_batch_in_its_order(world: World) -> None:
    batch_id = await world.batch(await world.plan(), 30)
    async with world.database.transaction() as session:
        text = await batch_csv(session, account_id=world.account_id, batch_id=batch_id, join_link_template=TEMPLATE, now=NOW)
        neighbour = await world.another()
        with pytest.raises(NotFoundError):
            await batch_csv(session, account_id=neighbour.account_id, batch_id=batch_id, join_link_template=TEMPLATE, now=NOW)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [canonical(row["Access Code"]) for row in rows] == await world.codes_of(batch_id)


async def test_over_http_it_is_a_download(shop: Shop) -> None:
    batch = await shop.ready(30, label="x")
    await shop.ready(2)
    whole = await shop.creator.ask("GET", f"{shop.path}/codes.csv")
    assert whole.status_code == 200
    assert whole.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert whole.headers["content-disposition"].startswith('attachment; filename="access-codes-')
    assert len(list(csv.reader(io.StringIO(whole.text, newline="")))) == 33
    of_batch = await shop.creator.ask("GET", f"{shop.path}/batches/{batch.batch_id}/codes.csv")
    assert len(list(csv.reader(io.StringIO(of_batch.text, newline="")))) == 31
    assert of_batch.text == (await shop.codes.internal.batch_csv(batch)).decode()
    filtered = await shop.creator.ask("GET", f"{shop.path}/codes.csv", params={"status": "redeemed"})
    assert filtered.text == "Access Code,Plan Name,Join Link,Expires At,Price,Currency,Started On,Ends On\r\n"
    other = shop.codes.creator()
    for path in (f"{shop.path}/codes.csv", f"{shop.path}/batches/{batch.batch_id}/codes.csv"):
        assert (await other.ask("GET", path)).status_code == 404


async def test_lines_of_every_kind_are_those_of_the_bots_document(world: World) -> None:
    """Imported codes of other forms, lifetimes, memberships with ends of their own: put together from pieces or not, a line
    is the same."""
    await world.bot("club_bot")
    monthly, lifetime = await world.plan("month"), await world.plan("lifetime")
    batches = [await world.batch(plan, 4, imported=imported) for plan in (monthly, lifetime) for imported in (False, True)]
    for number, batch in enumerate(batches):
        first, second, third, _ = await world.codes_of(batch)
        await redeem(world.database, **world.place, typed=first, telegram_id=1, now=NOW + timedelta(days=number))
        await redeem(world.database, **world.place, typed=second, telegram_id=2 + number, now=NOW)
        if number % 2:
            await world.rows(
                "UPDATE access_codes SET code = :form WHERE code = :code", form=f"-OLD.{number}_{third[:3]}", code=third
            )
            await world.rows("UPDATE access_codes SET code = :form WHERE code = :code", form=f"{number}LONG" * 12, code=second)
    for batch in batches:
        async with world.database.transaction() as session:
            text = await batch_csv(session, account_id=world.account_id, batch_id=batch, join_link_template=TEMPLATE, now=NOW)
        assert await exported(world, CodeFilters(batch_id=batch), oldest_first=True) == list(
            csv.DictReader(io.StringIO(text, newline=""), strict=True)
        )
