"""An event loop in a thread of its own, for what outlives a test's loop: the embedded servers and their admin connection."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """Lets synchronous fixtures run coroutines, so that synchronous tests can use them too."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test servers", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def begin(self, part: Coroutine[Any, Any, T]) -> Future[T]:
        """Start it; its result can be waited for later."""
        return asyncio.run_coroutine_threadsafe(part, self._loop)

    def run(self, part: Coroutine[Any, Any, T]) -> T:
        """Run it to its end; its result or error comes back here."""
        return self.begin(part).result()
