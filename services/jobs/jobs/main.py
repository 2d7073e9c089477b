"""The process: connections, the two workers, and an orderly end."""

import asyncio
import socket
from functools import partial
from typing import Any

from arq.connections import ArqRedis
from arq.constants import health_check_key_suffix
from redis.asyncio import ConnectionPool
from shared.contracts.events import QUEUE

from jobs.queues import SLOW_QUEUE
from jobs.services import open_services
from jobs.settings import Settings
from jobs.steady import SteadyWorker
from jobs.worker import event_worker, slow_worker

CONNECT_TIMEOUT_S = 2
# A Redis whose machine is gone answers nothing, not even that. The kernel notices, and wakes us with an error. redis-py's
# own socket_timeout would cost a task per command, and its wait_for can swallow a cancellation on Python 3.11.
GONE_AFTER_S = 10
_KEEPALIVE = {"TCP_KEEPIDLE": GONE_AFTER_S, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": GONE_AFTER_S * 1000}


def connect(settings: Settings) -> ArqRedis:
    """A client of the queue's Redis. Nothing is connected before the first command."""
    options: dict[str, Any] = {"socket_connect_timeout": CONNECT_TIMEOUT_S}
    if not settings.redis_url.startswith("unix:"):
        known_here = {getattr(socket, name): value for name, value in _KEEPALIVE.items() if hasattr(socket, name)}
        options |= {"socket_keepalive": True, "socket_keepalive_options": known_here}
    return ArqRedis(ConnectionPool.from_url(settings.redis_url, **options), default_queue_name=QUEUE)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; then what runs gets `jobs_grace_s` to end, and the rest goes back on its queue."""
    redis = connect(settings)
    try:
        async with open_services(settings, redis) as services:
            workers = [
                SteadyWorker(partial(make, settings, services, redis), redis, lease_s=settings.jobs_lease_s)
                for make in (event_worker, slow_worker)
            ]
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(worker.run()) for worker in workers]
                await stop.wait()
                await asyncio.gather(*(worker.stop(settings.jobs_grace_s) for worker in workers))
                for task in running:
                    task.cancel()
    finally:
        await redis.aclose(close_connection_pool=True)


async def alive(settings: Settings) -> bool:
    """Whether workers took care of both queues in the last few seconds.

    Raises:
        RedisError, OSError: Redis is away.
    """
    signs = [queue + health_check_key_suffix for queue in (QUEUE, SLOW_QUEUE)]
    redis = connect(settings)
    try:
        return bool(await redis.exists(*signs) == len(signs))
    finally:
        await redis.aclose(close_connection_pool=True)
