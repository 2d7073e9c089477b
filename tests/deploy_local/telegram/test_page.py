"""The chat page: whole without internet, and told at once what happens."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import memberpass_local.telegram
import orjson

from tests.deploy_local.telegram.support import PATIENCE_SECONDS, Telegram

PAGE = Path(memberpass_local.telegram.__file__).parent / "page"
FOREIGN = re.compile(r"""(?:src|href|url|from|import|fetch)\s*[=(]?\s*["'(]\s*(?:https?:)?//""")
LINKED = re.compile(r"""(?:href|src)="(/page/[^"]+)"|from "(\./[^"]+)"|url\("([^":]+)"\)""")


async def test_the_page_needs_nothing_from_outside_and_all_its_parts_are_there(tg: Telegram) -> None:
    page = await tg.http.get("/?bot=northwind_bot&user=1001&start=code_1")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    seen, waiting = set(), {"/"}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = await tg.http.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache"), path
        assert not FOREIGN.search(answer.text), path
        parts = ("".join(groups).removeprefix("./").removeprefix("/page/") for groups in LINKED.findall(answer.text))
        waiting |= {f"/page/{part}" for part in parts} - seen
    assert {path.removeprefix("/page/") for path in seen} - {"/"} == {path.name for path in PAGE.iterdir()} - {"index.html"}


async def test_the_docs_are_whole_without_internet(tg: Telegram) -> None:
    docs = await tg.http.get("/docs")
    assert docs.status_code == 200
    assert "https://" not in re.sub(r"<link rel=.shortcut icon[^>]*>", "", docs.text)
    paths = (await tg.http.get("/openapi.json")).json()["paths"]
    assert "/sandbox/chats/{bot}/{user_id}/presses" in paths
    assert not any(path.startswith("/bot") for path in paths)


async def test_an_open_page_hears_what_happens(tg: Telegram) -> None:
    bot = await tg.make_bot()
    async with tg.http.stream("GET", "/sandbox/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 1000"
        said = await tg.person(1001).say("/start")
        assert await event(lines) == {"type": "chat", "bot": bot.id, "chat": 1001, "message": said["message_id"]}
        await bot.send_chat_action(1001, "typing")
        assert (await event(lines))["type"] == "action"


async def event(lines: AsyncIterator[str]) -> dict[str, object]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in lines:
            if line.startswith("data: "):
                heard: dict[str, object] = orjson.loads(line.removeprefix("data: "))
                return heard
    raise AssertionError("the stream has ended")
