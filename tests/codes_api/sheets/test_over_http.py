"""A batch's sheet over HTTP: which codes are on it, and when there is none."""

import io
from datetime import datetime, timedelta
from uuid import UUID

import pypdf
import pytest
from codes_api.api import sheets
from codes_api.codes.sheet_layout import Sheet
from httpx import Response
from shared.contracts.batches import BatchRef
from shared.contracts.redemptions import TypedCode
from shared.ids import new_id

from tests.support.codes_api import Shop


async def printed(shop: Shop, batch: BatchRef, **params: str) -> Response:
    return await shop.creator.ask("GET", f"{shop.path}/batches/{batch.batch_id}/sheet.pdf", params=params)


def read(answer: Response) -> pypdf.PdfReader:
    assert answer.status_code == 200, answer.text
    return pypdf.PdfReader(io.BytesIO(answer.content))


def text_of(answer: Response) -> str:
    return "".join(page.extract_text() for page in read(answer).pages)


async def codes_of(shop: Shop, batch_id: UUID) -> list[str]:
    rows = await shop.creator.get(f"{shop.path}/codes", batch_id=str(batch_id), limit=100)
    return [row["code"] for row in rows["data"]][::-1]


async def test_a_download_in_the_order_of_the_codes(shop: Shop) -> None:
    batch = await shop.ready(10, expiry={"preset": "1_week"})
    answer = await printed(shop, batch)
    assert answer.headers["content-type"] == "application/pdf"
    day = f"{shop.codes.clock.now():%Y-%m-%d}"
    assert answer.headers["content-disposition"] == (f'attachment; filename="access-codes-{day}-{str(batch.batch_id)[-8:]}.pdf"')
    document = read(answer)
    assert (len(document.pages), document.pages[0].mediabox.width) == (2, 595.28)
    text = text_of(answer)
    places = [text.index(code) for code in await codes_of(shop, batch.batch_id)]
    assert places == sorted(places)
    for part in ("Club", "Monthly", "1 month of membership", "Use before", "@club1001_bot"):
        assert part in text


async def test_other_paper(shop: Shop) -> None:
    batch = await shop.ready(1)
    assert read(await printed(shop, batch, paper="letter")).pages[0].mediabox.width == 612
    answer = await printed(shop, batch, paper="a3")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "paper")


async def test_only_codes_that_can_be_redeemed(shop: Shop) -> None:
    batch = await shop.ready(3)
    redeemed, revoked, kept = await codes_of(shop, batch.batch_id)
    typed = TypedCode(text=redeemed, telegram_id=7)
    await shop.codes.internal.redeem(shop.creator.account_id, shop.project_id, typed)
    await shop.creator.ask("DELETE", f"{shop.path}/codes/{revoked}")
    text = text_of(await printed(shop, batch))
    assert kept in text
    assert redeemed not in text
    assert revoked not in text


async def test_nothing_to_print(shop: Shop) -> None:
    queued = await shop.order(2)
    revoked = await shop.ready(2)
    await shop.creator.post(f"{shop.path}/batches/{revoked.batch_id}/revoke")
    expired = await shop.ready(2, expiry={"preset": "1_day"})
    assert (await printed(shop, expired)).status_code == 200
    shop.codes.clock.advance(timedelta(days=1))
    for batch in (queued, revoked, expired):
        answer = await printed(shop, batch)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_print")


async def test_the_links_need_a_bot(shop: Shop) -> None:
    batch = await shop.ready(1)
    await shop.creator.ask("DELETE", f"{shop.path}/bot")
    answer = await printed(shop, batch)
    assert (answer.status_code, answer.json()["code"]) == (409, "bot_not_connected")


async def test_another_creators_batch_does_not_exist(shop: Shop) -> None:
    batch = await shop.ready(1)
    stranger = await shop.codes.shop(bot_id=2002)
    for path in (shop.path, stranger.path):
        answer = await stranger.creator.ask("GET", f"{path}/batches/{batch.batch_id}/sheet.pdf")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    own = await shop.creator.ask("GET", f"{shop.path}/batches/{new_id()}/sheet.pdf")
    assert (own.status_code, own.json()["code"]) == (404, "not_found")


async def test_no_connection_is_held_while_it_is_drawn(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = await shop.ready(1)
    pool = shop.codes.state.database.engine.pool
    held: list[str] = []
    draw = sheets._draw

    def watched(content: Sheet, now: datetime) -> bytes:
        held.append(pool.status())
        return draw(content, now)

    monkeypatch.setattr(sheets, "_draw", watched)
    assert (await printed(shop, batch)).status_code == 200
    assert len(held) == 1
    assert "Current Checked out connections: 0" in held[0]
