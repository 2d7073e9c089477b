"""Listening by polling, for places without a public address (`rules.md` T4). Any Bot API server will do.

aiogram's own polling takes a fixed set of bots and confirms an update before it is handled; here bots come and go, and an
update is confirmed only when it was handled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import Update
from aiogram.utils.backoff import Backoff, BackoffConfig
from pydantic import ValidationError
from shared.logging import get_logger

from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.bots.webhook import show_commands
from bot_gateway.bots.window import Window
from bot_gateway.telegram import PASSING, UPDATES, log_broken, optional, rest_of, was_accepted

log = get_logger(__name__)

OnUpdate = Callable[[LoadedBot, Update], Awaitable[None]]

RETRY = BackoffConfig(min_delay=0.5, max_delay=30.0, factor=2.0, jitter=0.05)
# How long to wait before asking again, while updates are under way or the server doesn't hold requests open.
PAUSE_S = 0.25


class Poller:
    """Asks one bot's updates until it is cancelled or Telegram refuses the token.

    Args:
        loaded: the bot.
        on_update: handles one update to its end; raises what passes (`telegram.PASSING`).
        wait_s: how long Telegram may hold a request open.
    """

    def __init__(self, loaded: LoadedBot, on_update: OnUpdate, *, wait_s: int) -> None:
        self._loaded, self._bot, self._bot_id = loaded, loaded.bot, loaded.connected.bot_id
        self._on_update, self._wait_s = on_update, wait_s
        self._window = Window()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll."""
        await optional(self._bot.delete_webhook(), "deleteWebhook")
        self._loaded.listening.set()
        log.info("bot_listening", bot_id=self._bot_id, by="polling")
        await show_commands(self._loaded)
        backoff = Backoff(RETRY)
        try:
            while True:
                try:
                    await self._round()
                except TelegramUnauthorizedError:
                    log.warning("bot_token_refused", bot_id=self._bot_id)
                    return
                except TelegramConflictError:
                    log.warning("polling_conflict", bot_id=self._bot_id)
                    await optional(self._bot.delete_webhook(), "deleteWebhook")
                    await backoff.asleep()
                except TelegramRetryAfter as error:
                    await asyncio.sleep(error.retry_after)
                except AiogramError as error:
                    log.warning("polling_failed", bot_id=self._bot_id, error=type(error).__name__)
                    await backoff.asleep()
                else:
                    backoff.reset()
        finally:
            self._loaded.listening.clear()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _round(self) -> None:
        """Fetch, start what is new (each chat in order, chats side by side), and wait a little for it."""
        began = self._now()
        updates = {update.update_id: update for update in await self._fetch()}
        for number in self._window.begin(sorted(updates), self._now()):
            task = asyncio.create_task(self._handle(updates[number]))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PAUSE_S)
        elif self._window.busy or self._now() - began < PAUSE_S:
            await asyncio.sleep(PAUSE_S)

    async def _fetch(self) -> list[Update]:
        wait_s = 0 if self._window.busy else self._wait_s
        try:
            return await self._bot.get_updates(
                offset=self._window.offset, timeout=wait_s, allowed_updates=list(UPDATES), request_timeout=wait_s + 10
            )
        except ClientDecodeError as error:
            if not was_accepted(error) or not isinstance(error.data.get("result"), list):
                raise
            return self._readable(error.data["result"])

    def _readable(self, raw: Sequence[object]) -> list[Update]:
        """The updates that aiogram can read: one it can't must not stop those behind it, and is confirmed unread."""
        read: list[Update] = []
        for one in raw:
            try:
                read.append(Update.model_validate(one, context={"bot": self._bot}))
            except ValidationError:
                log.warning("update_unreadable", bot_id=self._bot_id)
                if isinstance(one, dict) and isinstance(one.get("update_id"), int):
                    read.append(Update(update_id=one["update_id"]))
        return read

    async def _handle(self, update: Update) -> None:
        handled, rest_s = True, 0
        try:
            await self._on_update(self._loaded, update)
        except PASSING as error:
            log.warning("update_not_answered", bot_id=self._bot_id, error=type(error).__name__)
            handled, rest_s = False, rest_of(error)
        except Exception as error:  # noqa: BLE001  # one broken update must not stop the bot
            log_broken("update_failed", error, bot_id=self._bot_id)
        self._window.finish(update.update_id, self._now(), handled=handled, rest_s=rest_s)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
