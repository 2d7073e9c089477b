"""Updates of one chat one after the other, different chats side by side; none answered twice."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiogram.fsm.storage.base import BaseEventIsolation, StorageKey
from typing_extensions import override


class ChatOrder(BaseEventIsolation):
    """A fair lock a chat, forgotten when nobody waits for it. Taken before anything is awaited, so arrival decides."""

    def __init__(self) -> None:
        self._locks: dict[tuple[int, int], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    @override
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:
        chat = (key.bot_id, key.chat_id)
        lock, users = self._locks.get(chat, (asyncio.Lock(), 0))
        self._locks[chat] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[chat]
            if users == 1:
                del self._locks[chat]
            else:
                self._locks[chat] = (lock, users - 1)

    @override
    async def close(self) -> None:
        """Nothing to close."""


class HandledUpdates:
    """The updates this process has answered lately. Telegram sends an update again if our answer was slow.

    Only a courtesy, so that nobody reads the same answer twice: what an update changes is keyed in codes-api.
    """

    def __init__(self, keep: int = 10_000) -> None:
        self._keep = keep
        self._seen: OrderedDict[tuple[int, int], None] = OrderedDict()

    def add(self, bot_id: int, update_id: int) -> None:
        """Remember an answered update."""
        self._seen[(bot_id, update_id)] = None
        while len(self._seen) > self._keep:
            self._seen.popitem(last=False)

    def __contains__(self, update: tuple[int, int]) -> bool:
        return update in self._seen
