"""Listening by polling, for places without a public address (`rules.md` T4). Any Bot API server will do.

aiogram's own polling takes a fixed set of bots and gives up an update whose answer failed; here bots come and go, and an
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
from bot_gateway.telegram import PASSING, UPDATES, log_broken, optional, was_accepted

log = get_logger(__name__)

OnUpdate = Callable[[LoadedBot, Update], Awaitable[None]]

RETRY = BackoffConfig(min_delay=0.5, max_delay=30.0, factor=2.0, jitter=0.05)
# A server that answers "nothing" at once instead of waiting must not be asked without pause.
EMPTY_PAUSE_S = 0.25
# One slow chat holds the others up this long at most.
HANDLE_WITHIN_S = 20.0
# An update whose answer fails again and again is given up after so many tries.
TRIES = 4


class Poller:
    """Asks one bot's updates until it is cancelled or Telegram refuses the token.

    Args:
        loaded: the bot.
        on_update: handles one update to its end; raises what passes (`telegram.PASSING`).
        wait_s: how long Telegram may hold a request open.
    """

    def __init__(self, loaded: LoadedBot, on_update: OnUpdate, *, wait_s: int) -> None:
        self._loaded, self._bot = loaded, loaded.bot
        self._on_update, self._wait_s = on_update, wait_s
        self._offset: int | None = None
        self._tries: dict[int, int] = {}
        self._under_way: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        """Poll."""
        bot_id = self._loaded.connected.bot_id
        backoff = Backoff(RETRY)
        await optional(self._bot.delete_webhook(), "deleteWebhook")
        self._loaded.listening.set()
        log.info("bot_listening", bot_id=bot_id, by="polling")
        await show_commands(self._loaded)
        try:
            while True:
                try:
                    all_handled = await self._round()
                except TelegramUnauthorizedError:
                    log.warning("bot_token_refused", bot_id=bot_id)
                    self._loaded.listening.clear()
                    return
                except TelegramConflictError:
                    log.warning("polling_conflict", bot_id=bot_id)
                    await optional(self._bot.delete_webhook(), "deleteWebhook")
                    await backoff.asleep()
                except TelegramRetryAfter as error:
                    await asyncio.sleep(error.retry_after)
                except AiogramError as error:
                    log.warning("polling_failed", bot_id=bot_id, error=type(error).__name__)
                    await backoff.asleep()
                else:
                    if all_handled:
                        backoff.reset()
                    else:
                        await backoff.asleep()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _round(self) -> bool:
        """Fetch and handle; whether the offset moved past everything that came."""
        started = self._now()
        updates = await self._fetch()
        if not updates:
            if self._now() - started < EMPTY_PAUSE_S:
                await asyncio.sleep(EMPTY_PAUSE_S)
            return True
        failed = await self._handle(updates)
        again = [update_id for update_id in failed if self._count(update_id) < TRIES]
        self._offset = min(again) if again else updates[-1].update_id + 1
        self._tries = {update_id: self._tries[update_id] for update_id in again}
        return not again

    async def _fetch(self) -> list[Update]:
        try:
            return await self._bot.get_updates(
                offset=self._offset,
                timeout=self._wait_s,
                allowed_updates=list(UPDATES),
                request_timeout=self._wait_s + 10,
            )
        except ClientDecodeError as error:
            if not was_accepted(error) or not isinstance(error.data.get("result"), list):
                raise
            return self._readable(error.data["result"])

    def _readable(self, raw: Sequence[object]) -> list[Update]:
        """The updates that aiogram can read: one it can't must not stop those behind it."""
        read: list[Update] = []
        for one in raw:
            try:
                read.append(Update.model_validate(one, context={"bot": self._bot}))
            except ValidationError:
                log.warning("update_unreadable", bot_id=self._loaded.connected.bot_id)
                if isinstance(one, dict) and isinstance(one.get("update_id"), int):
                    read.append(Update(update_id=one["update_id"]))
        return read

    async def _handle(self, updates: Sequence[Update]) -> list[int]:
        """Handle all side by side (each chat in order); the ids of those whose answer failed in a way that passes."""
        tasks = {asyncio.create_task(self._handle_one(update)): update.update_id for update in updates}
        self._under_way.update(tasks)
        for task in tasks:
            task.add_done_callback(self._under_way.discard)
        done, _ = await asyncio.wait(tasks, timeout=HANDLE_WITHIN_S)
        return [tasks[task] for task in done if not task.result()]

    async def _handle_one(self, update: Update) -> bool:
        try:
            await self._on_update(self._loaded, update)
        except PASSING as error:
            log.warning("update_not_answered", update_id=update.update_id, error=type(error).__name__)
            return False
        except Exception as error:  # noqa: BLE001  # one broken update must not stop the bot
            log_broken("update_failed", error, update_id=update.update_id)
        return True

    def _count(self, update_id: int) -> int:
        self._tries[update_id] = self._tries.get(update_id, 0) + 1
        return self._tries[update_id]

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
