"""Brings updates to webhooks: one bot's in order, each until the receiver answers 2xx, with growing pauses."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from shared.contracts.base import Json
from shared.logging import get_logger

from memberpass_local.telegram.models import Bot, Webhook
from memberpass_local.telegram.updates import Update
from memberpass_local.telegram.world import World

log = get_logger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)
Answerer = Callable[[Bot, Json], Awaitable[None]]


@dataclass(slots=True)
class Pauses:
    """Seconds between tries: the first, doubling up to the longest. `timeout` is what a receiver may take."""

    first: float
    longest: float
    timeout: float


@dataclass(frozen=True, slots=True)
class LastError:
    """Why the last delivery that failed did so. `at` in Unix seconds."""

    at: int
    message: str


class _Refused(Exception):
    """The receiver did not take the update."""

    def __init__(self, message: str, retry_after: float = 0) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Courier:
    """One task a bot that has a webhook.

    Args:
        world: whose queues are emptied.
        pauses: how long to wait after a failure.
        answer: carries out a method call that a receiver put into its answer (Bot API, "Making requests when getting
            updates").
    """

    def __init__(self, world: World, pauses: Pauses, answer: Answerer) -> None:
        self.pauses = pauses
        self.last_errors: dict[int, LastError] = {}
        self._world = world
        self._answer = answer
        self._started = False
        self._client: httpx.AsyncClient | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Begin to deliver for every bot that has a webhook."""
        self._started = True
        for bot in self._world.bots.values():
            self.sync(bot)

    async def stop(self) -> None:
        """Stop delivering; what is pending stays pending."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        if self._client is not None:
            await self._client.aclose()

    def sync(self, bot: Bot) -> None:
        """The bot's webhook was set, changed or deleted: deliver accordingly from now on."""
        running = self._tasks.pop(bot.id, None)
        if running is not None:
            running.cancel()
        self._world.queue(bot.id).listen(None)
        self.last_errors.pop(bot.id, None)
        if bot.webhook is not None and self._started:
            self._tasks[bot.id] = asyncio.create_task(self._deliver(bot, bot.webhook, self._http()), name=f"webhook-{bot.id}")

    def _http(self) -> httpx.AsyncClient:
        """Made at the first use: loading the certificate authorities takes its time."""
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        return self._client

    async def _deliver(self, bot: Bot, webhook: Webhook, client: httpx.AsyncClient) -> None:
        queue, rung, failures = self._world.queue(bot.id), asyncio.Event(), 0
        queue.listen(rung.set)
        while True:
            if not queue.pending:
                rung.clear()
                await rung.wait()
                continue
            update = queue.pending[0]
            try:
                reply = await self._post(client, webhook, update)
            except _Refused as refusal:
                failures += 1
                pause = max(refusal.retry_after, min(self.pauses.longest, self.pauses.first * 2 ** min(failures - 1, 30)))
                self.last_errors[bot.id] = LastError(int(time.time()), str(refusal))
                log.warning(
                    "webhook_failed",
                    bot_id=bot.id,
                    update_id=update.update_id,
                    failures=failures,
                    reason=str(refusal),
                    pause=pause,
                )
                await asyncio.sleep(pause)
                continue
            failures = 0
            self._world.confirm_updates(bot.id, update.update_id + 1)
            if reply is not None:
                await self._answer(bot, reply)

    async def _post(self, client: httpx.AsyncClient, webhook: Webhook, update: Update) -> Json | None:
        headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
        try:
            response = await client.post(webhook.url, json=update.to_wire(), headers=headers, timeout=self.pauses.timeout)
        except httpx.TimeoutException as error:
            raise _Refused("Read timeout expired") from error
        except httpx.TransportError as error:
            raise _Refused("Connection refused" if isinstance(error, httpx.ConnectError) else "Connection closed") from error
        if not response.is_success:
            wait = response.headers.get("Retry-After", "")
            reason = f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"
            raise _Refused(reason, min(float(wait), 3600) if wait.isdigit() else 0)
        return _method_call(response)


def _method_call(response: httpx.Response) -> Json | None:
    """The method call in an answer's body, if there is one."""
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        return None
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("method"), str) else None
