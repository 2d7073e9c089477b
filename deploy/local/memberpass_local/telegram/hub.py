"""Tells open chat pages what has just happened (server-sent events)."""

import asyncio
from collections.abc import AsyncIterator

import orjson
from shared.contracts.base import Json

_MOST_WAITING = 1000
_HEARTBEAT_SECONDS = 15


class Hub:
    """Open pages, each with the events it has not fetched yet."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[Json | None]] = set()
        self._closed = False

    def tell(self, kind: str, **fields: int | str | bool | None) -> None:
        """An event for every open page. A page that does not fetch is cut off; it reloads all when it comes back."""
        for page in list(self._pages):
            if page.qsize() >= _MOST_WAITING:
                self._pages.discard(page)
                page.get_nowait()
                page.put_nowait(None)
            else:
                page.put_nowait({"type": kind, **fields})

    async def stream(self) -> AsyncIterator[bytes]:
        """One page's events in the form of `text/event-stream`, with a comment now and then to keep the line open."""
        page: asyncio.Queue[Json | None] = asyncio.Queue()
        self._pages.add(page)
        try:
            yield b"retry: 1000\n\n"
            while not self._closed:
                try:
                    async with asyncio.timeout(_HEARTBEAT_SECONDS):
                        event = await page.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if event is None:
                    return
                yield b"data: " + orjson.dumps(event) + b"\n\n"
        finally:
            self._pages.discard(page)

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        for page in self._pages:
            page.put_nowait(None)
