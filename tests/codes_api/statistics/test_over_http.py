"""Statistics over HTTP, for creators and for the bot."""

import asyncio
import io
import threading
from datetime import timedelta
from uuid import UUID

import pytest
from defusedxml import ElementTree  # type: ignore[import-untyped]
from PIL import Image
from shared.drawing import beside as drawing
from shared.drawing.beside import MAX_WAITING, draw
from shared.errors import RateLimitedError, RemoteProblem
from shared.ids import new_id

from tests.support.codes_api import Shop

FORMS = ("", ".png", ".svg")


async def test_a_projects_and_a_batchs(shop: Shop) -> None:
    batch = await shop.ready(5, label="Spring")
    await shop.ready(2)
    today = shop.codes.clock.now().date()
    whole = await shop.creator.get(f"{shop.path}/stats")
    assert (whole["generated"], whole["unredeemed"], whole["project_name"], whole["batch_id"]) == (7, 7, "Club", None)
    assert (whole["from"], whole["to"]) == (str(today - timedelta(days=29)), str(today))
    assert [day["date"] for day in whole["redemptions_per_day"]] == [str(today - timedelta(days=at)) for at in range(29, -1, -1)]
    of_batch = await shop.creator.get(f"{shop.path}/batches/{batch.batch_id}/stats")
    assert (of_batch["generated"], of_batch["batch_id"], of_batch["batch_name"]) == (5, str(batch.batch_id), "Spring")


async def test_a_window(shop: Shop) -> None:
    answer = await shop.creator.get(f"{shop.path}/stats", **{"from": "2026-01-31", "to": "2026-02-01"})
    assert [day["date"] for day in answer["redemptions_per_day"]] == ["2026-01-31", "2026-02-01"]


@pytest.mark.parametrize(
    ("params", "field", "code"),
    [
        ({"from": "2026-02-02", "to": "2026-02-01"}, "from", "window_out_of_range"),
        ({"from": "0001-01-01"}, "from", "window_out_of_range"),
        ({"to": "2026-02-30"}, "to", "validation_failed"),
        ({"to": "yesterday"}, "to", "validation_failed"),
        ({"from": "1767225600"}, "from", "validation_failed"),
        ({"from": "2026-01-01T00:00:00Z"}, "from", "validation_failed"),
        ({"from": ""}, "from", "validation_failed"),
    ],
)
async def test_windows_that_are_none(shop: Shop, params: dict[str, str], field: str, code: str) -> None:
    for form in FORMS:
        answer = await shop.creator.ask("GET", f"{shop.path}/stats{form}", params=params)
        assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["field"]) == (422, code, field)


async def test_pictures(shop: Shop) -> None:
    batch = await shop.ready(5)
    for path in (shop.path, f"{shop.path}/batches/{batch.batch_id}"):
        png = await shop.creator.ask("GET", f"{path}/stats.png")
        assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(png.content)).size == (1080, 1200)
        svg = await shop.creator.ask("GET", f"{path}/stats.svg")
        assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
        assert ElementTree.fromstring(svg.content).tag.endswith("svg")


async def test_another_creators_do_not_exist(shop: Shop) -> None:
    batch = await shop.ready(1)
    stranger = await shop.codes.shop(bot_id=2002)
    for form in FORMS:
        for path in (
            f"{shop.path}/stats",
            f"{shop.path}/batches/{batch.batch_id}/stats",
            f"{stranger.path}/batches/{batch.batch_id}/stats",
            f"{stranger.path}/batches/{new_id()}/stats",
        ):
            answer = await stranger.creator.ask("GET", path + form)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path + form


async def test_the_bots_own(shop: Shop) -> None:
    await shop.ready(4)
    internal, account_id = shop.codes.internal, shop.creator.account_id
    data = await internal.project_stats(account_id, shop.project_id)
    assert (data.generated, data.project_id, len(data.redemptions_per_day)) == (4, shop.project_id, 30)
    png = await internal.project_stats_png(account_id, shop.project_id)
    assert Image.open(io.BytesIO(png)).size == (1080, 1200)
    stranger = shop.codes.creator()
    for call in (internal.project_stats, internal.project_stats_png):
        with pytest.raises(RemoteProblem) as raised:
            await call(stranger.account_id, shop.project_id)
        assert raised.value.problem_status == 404


async def test_the_loop_goes_on_while_something_is_drawn() -> None:
    """Negative control inside: the drawing waits for the loop, and would wait for ever if it blocked it."""
    loop_went_on = threading.Event()
    drawn = asyncio.create_task(draw(new_id(), lambda: loop_went_on.wait(10)))
    await asyncio.sleep(0)
    loop_went_on.set()
    assert await drawn


async def test_nobody_fills_the_queue_alone() -> None:
    account_id, other = new_id(), new_id()
    free = threading.Event()

    def work() -> UUID:
        free.wait(10)
        return account_id

    first = [asyncio.create_task(draw(account_id, work)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimitedError) as raised:
        await draw(account_id, work)
    assert int(raised.value.headers["Retry-After"]) > 0
    others = asyncio.create_task(draw(other, work))
    first[0].cancel()  # a client that hangs up has not freed the thread
    await asyncio.sleep(0)
    with pytest.raises(RateLimitedError):
        await draw(account_id, work)
    free.set()
    assert await others == account_id
    await asyncio.gather(*first, return_exceptions=True)
    assert await draw(account_id, work) == account_id
    assert not drawing._asked


async def test_what_goes_wrong_in_the_thread_is_told() -> None:
    account_id = new_id()
    for _ in range(MAX_WAITING + 1):
        with pytest.raises(ZeroDivisionError):
            await draw(account_id, lambda: 1 // 0)
