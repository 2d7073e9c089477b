"""A worker that outlives Redis outages, renews the leases of its jobs, and stops without losing any.

arq's own worker ends when Redis does. A worker is cheap, so that after an outage a new one is made; jobs that the old
one has under way run on, and end properly now that Redis is back.
"""

import asyncio
from collections.abc import Callable

from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from arq.worker import Worker
from redis.exceptions import RedisError
from shared.logging import get_logger

log = get_logger(__name__)

REDIS_AWAY = (RedisError, OSError)
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
RENEWALS_PER_LEASE = 4
CANCELLING_TAKES_S = 1.0


class SteadyWorker:
    """Runs one arq worker after the other until it is stopped.

    Args:
        build: makes a worker; it must not handle signals.
        redis: the workers' own.
        lease_s: how long the mark of a job in progress lives without being renewed (see `jobs.worker`).
    """

    def __init__(self, build: Callable[[], Worker], redis: ArqRedis, *, lease_s: float) -> None:
        self._build = build
        self._redis = redis
        self._lease_s = lease_s
        self._workers: list[Worker] = []
        self._stopping = False

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew_forever())
            loop = asyncio.get_running_loop()
            pause = FIRST_PAUSE_S
            while True:
                await self._until_redis_answers()
                worker, started = self._new_worker(), loop.time()
                try:
                    await worker.main()
                except REDIS_AWAY as error:
                    log.warning("redis_lost", queue=worker.queue_name, error=type(error).__name__)
                for task in worker.tasks.values():
                    task.add_done_callback(_look_at)
                # A Redis that answers and yet refuses (read-only, out of memory) must not make this spin.
                pause = FIRST_PAUSE_S if loop.time() - started > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
                await asyncio.sleep(pause)

    async def stop(self, grace_s: float) -> None:
        """Take no new jobs, give those under way time to end, cancel the rest: arq puts those back at once.

        Args:
            grace_s: real seconds.
        """
        self._stopping = True
        for worker in self._workers:
            worker.allow_pick_jobs = False
        running = self._running()
        if running:
            _, late = await asyncio.wait(running, timeout=grace_s)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CANCELLING_TAKES_S)
        log.info("worker_stopped", queues=sorted({worker.queue_name for worker in self._workers}))

    def _new_worker(self) -> Worker:
        worker = self._build()
        worker.in_progress_timeout_s = self._lease_s
        worker.allow_pick_jobs = not self._stopping
        self._workers = [old for old in self._workers if any(not task.done() for task in old.tasks.values())]
        self._workers.append(worker)
        log.info("worker_started", queue=worker.queue_name)
        return worker

    def _running(self) -> list[asyncio.Task[None]]:
        return [task for worker in self._workers for task in worker.tasks.values() if not task.done()]

    async def _until_redis_answers(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self._redis.ping()
            except REDIS_AWAY as error:
                log.warning("redis_away", error=type(error).__name__, again_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                return

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / RENEWALS_PER_LEASE)
            job_ids = [job_id for worker in self._workers for job_id in worker.job_tasks]
            if not job_ids:
                continue
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for job_id in job_ids:
                        # Only a mark that is there: a job that ended meanwhile must not be marked again.
                        pipe.pexpire(in_progress_key_prefix + job_id, int(self._lease_s * 1000))
                    await pipe.execute()
            except REDIS_AWAY as error:
                log.warning("leases_not_renewed", jobs=len(job_ids), error=type(error).__name__)


def _look_at(task: asyncio.Task[None]) -> None:
    """A job of a worker that is gone ended: if Redis was away just then, its lease lapses and it runs again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("job_end_not_recorded", error=type(error).__name__)
