"""Sends what is due, many at a time, in tasks of this process. What is due stands in PostgreSQL; here is only what is under
way, and losing it costs a lease."""

import asyncio
from typing import Final

from shared.clock import Clock
from shared.db import Database
from shared.logging import get_logger

from codes_api.projects.sealing import Sealer
from codes_api.webhooks.attempt import attempt
from codes_api.webhooks.claim import Claimed, Lane, claim_due
from codes_api.webhooks.courier import Courier

log = get_logger(__name__)

HEALTHY: Final = Lane(failing=False, abreast=2, places=20)
FAILING: Final = Lane(failing=True, abreast=1, places=5)
"""Of 20 places in all an endpoint takes at most two, and those that failed last time at most 5 together: a receiver that
hangs holds up nobody."""
STOP_WITHIN_S: Final = 3.0


class Sender:
    """Claims and sends, woken by whoever made something due and by each place that becomes free.

    Args:
        database: claims and records, each in a short transaction.
        clock: says what is due.
        sealer: opens the endpoints' secrets.
        courier: carries the messages.
    """

    def __init__(self, database: Database, *, clock: Clock, sealer: Sealer, courier: Courier) -> None:
        self._database = database
        self._clock = clock
        self._sealer = sealer
        self._courier = courier
        self._under_way: dict[asyncio.Task[None], Lane] = {}
        self._filling = asyncio.Lock()
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to send."""
        self._loop = asyncio.create_task(self._send_when_woken())

    async def stop(self) -> None:
        """Give what is under way a moment to end; what does not is sent again when its lease has run out."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        if self._under_way:
            _, left = await asyncio.wait(self._under_way, timeout=STOP_WITHIN_S)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run_due(self, *, patience_s: float = 0) -> int:
        """Begin to send what is due, as far as there are places; returns how many tries began or ended.

        Args:
            patience_s: wait up to that long for tries to end. The sandbox clock must not move on before a failure has
                been recorded; in production nobody waits.
        """
        done = await self.fill()
        if patience_s and self._under_way:
            ended, _ = await asyncio.wait(self._under_way, timeout=patience_s)
            done += len(ended)
        return done

    async def fill(self) -> int:
        """Put due deliveries on the free places; returns how many."""
        begun = 0
        async with self._filling:
            for lane in (HEALTHY, FAILING):
                taken = len(self._under_way) if lane is HEALTHY else sum(one is FAILING for one in self._under_way.values())
                free = min(HEALTHY.places - len(self._under_way), lane.places - taken)
                if free > 0:
                    async with self._database.transaction() as session:
                        claimed = await claim_due(session, lane=lane, free=free, now=self._clock.now())
                    for one in claimed:
                        self._begin(one, lane)
                    begun += len(claimed)
        return begun

    def _begin(self, claimed: Claimed, lane: Lane) -> None:
        sending = attempt(self._database, claimed=claimed, courier=self._courier, sealer=self._sealer, clock=self._clock)
        task = asyncio.create_task(sending)
        self._under_way[task] = lane
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            # It is not recorded, so its lease will run out and it is sent again.
            log.error("webhook_try_lost", exc_info=error)
        self._wake.set()

    async def _send_when_woken(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.fill()
            except Exception:  # the database is away, say; the cron's next round wakes us again
                log.exception("webhooks_not_claimed")
