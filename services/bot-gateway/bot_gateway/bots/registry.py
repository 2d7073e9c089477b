"""The bots this process talks through: read from codes-api, kept up to date, listened to."""

import asyncio
from collections.abc import Callable, Coroutine
from uuid import UUID

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession
from aiogram.utils.backoff import Backoff, BackoffConfig
from aiogram.utils.token import TokenValidationError
from shared.clients.codes import CodesClient
from shared.contracts.bots import ConnectedBot
from shared.errors import AppError, DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.telegram import log_broken, optional

log = get_logger(__name__)

Listen = Callable[[LoadedBot], Coroutine[None, None, None]]

HTTP_NOT_FOUND = 404
RETRY = BackoffConfig(min_delay=0.2, max_delay=5.0, factor=2.0, jitter=0.02)


class Bots:
    """Every connected bot, by id, username and project.

    Args:
        codes: asked for the bots.
        hasty: the same service without retries, asked while a member waits.
        session: Telegram's HTTP session, shared by all bots.
        listen: runs for a bot until it is cancelled.
        fresh_s: how old, in seconds, a bot's data may be when an update comes.
    """

    def __init__(self, *, codes: CodesClient, hasty: CodesClient, session: BaseSession, listen: Listen, fresh_s: float) -> None:
        self._codes, self._hasty = codes, hasty
        self._session, self._listen, self._fresh_s = session, listen, fresh_s
        self._by_id: dict[int, LoadedBot] = {}
        # Read and apply are one step: an older answer must not overwrite a newer one.
        self._changing = asyncio.Lock()
        self._reading: set[asyncio.Task[LoadedBot | None]] = set()
        self.loaded_once = False

    def get(self, bot_id: int) -> LoadedBot | None:
        """A bot by its id at Telegram."""
        return self._by_id.get(bot_id)

    def by_username(self, username: str) -> LoadedBot | None:
        """A bot by its username, in any case."""
        wanted = username.lower()
        return next((one for one in self._by_id.values() if one.connected.username.lower() == wanted), None)

    async def keep_loaded(self, every_s: float) -> None:
        """Read the whole list at start, as often as it takes, and then again and again: an event may get lost."""
        backoff = Backoff(RETRY)
        while True:
            try:
                await self.load_all()
            except AppError as error:
                log.warning("bots_not_loaded", error=type(error).__name__, code=error.problem_code)
                await backoff.asleep()
            except Exception as error:  # noqa: BLE001  # without this loop the gateway would go deaf
                log_broken("bots_not_loaded", error)
                await backoff.asleep()
            else:
                backoff.reset()
                await asyncio.sleep(every_s)

    async def load_all(self) -> None:
        """Make this process's bots those of codes-api."""
        async with self._changing:
            listed = (await self._codes.bots()).data
            for connected in listed:
                await self._put(connected)
            for bot_id in set(self._by_id) - {connected.bot_id for connected in listed}:
                await self._drop(bot_id)
            if not self.loaded_once:
                log.info("bots_loaded", count=len(self._by_id))
            self.loaded_once = True

    async def sync(self, bot_id: int) -> LoadedBot | None:
        """Read one bot again; None if it is connected no more.

        Raises:
            DependencyUnavailableError: codes-api is away.
        """
        return await self._read(self._codes, bot_id)

    async def fresh(self, bot_id: int) -> LoadedBot | None:
        """A bot with data that is young enough to answer a member; older data, if codes-api is away or busy."""
        known = self._by_id.get(bot_id)
        if known is None or self._changing.locked() or self._now() - known.read_at <= self._fresh_s:
            return known
        try:
            # Not cancelled with the update that asked: a changed token ends the very poller that brought it.
            reading = asyncio.create_task(self._read(self._hasty, bot_id))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
            return await asyncio.shield(reading)
        except (RemoteProblem, DependencyUnavailableError) as error:
            known.read_at = self._now()
            log.warning("bot_not_refreshed", bot_id=bot_id, code=error.problem_code)
            return known

    async def ensure(self, bot_id: int) -> LoadedBot | None:
        """A bot that somebody asks for by name of codes-api, read if this process does not have it yet."""
        return self._by_id.get(bot_id) or await self.sync(bot_id)

    async def of_project(self, account_id: UUID, project_id: UUID) -> LoadedBot | None:
        """The bot of a project, as codes-api has it now; None if none is connected.

        Raises:
            DependencyUnavailableError: codes-api is away.
        """
        async with self._changing:
            try:
                return await self._put(await self._codes.project_bot(account_id, project_id))
            except RemoteProblem as problem:
                if problem.problem_status != HTTP_NOT_FOUND:
                    raise
                return None

    async def close(self) -> None:
        """Stop listening to all bots; their webhooks stay."""
        async with self._changing:
            tasks = [one.task for one in self._by_id.values() if one.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, client: CodesClient, bot_id: int) -> LoadedBot | None:
        async with self._changing:
            try:
                return await self._put(await client.bot(bot_id))
            except RemoteProblem as problem:
                if problem.problem_status != HTTP_NOT_FOUND:
                    raise
                await self._drop(bot_id)
                return None

    async def _put(self, connected: ConnectedBot) -> LoadedBot | None:
        known = self._by_id.get(connected.bot_id)
        if known is not None and known.same_access(connected) and known.task is not None and not known.task.done():
            known.connected, known.read_at = connected, self._now()
            return known
        await self._stop(known)
        try:
            bot = Bot(
                connected.token.get_secret_value(),
                session=self._session,
                default=DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True),
            )
        except TokenValidationError:
            log.warning("bot_token_malformed", bot_id=connected.bot_id)
            return None
        loaded = LoadedBot(connected=connected, bot=bot, read_at=self._now())
        self._by_id[connected.bot_id] = loaded
        loaded.task = asyncio.create_task(self._run(loaded), name=f"listen-{connected.bot_id}")
        return loaded

    async def _drop(self, bot_id: int) -> None:
        known = self._by_id.pop(bot_id, None)
        await self._stop(known)
        if known is not None:
            log.info("bot_disconnected", bot_id=bot_id)
            await optional(known.bot.delete_webhook(request_timeout=5), "deleteWebhook")

    async def _stop(self, known: LoadedBot | None) -> None:
        if known is not None and known.task is not None:
            known.task.cancel()
            await asyncio.wait({known.task})

    async def _run(self, loaded: LoadedBot) -> None:
        try:
            await self._listen(loaded)
        except Exception as error:  # noqa: BLE001  # the next reading of the list starts it again
            loaded.listening.clear()
            log_broken("listening_failed", error, bot_id=loaded.connected.bot_id)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
