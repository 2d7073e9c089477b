"""What the conversation remembers between two messages: that a code was asked for. Redis may be away."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from aiogram.fsm.storage.base import BaseStorage, DefaultKeyBuilder, StateType, StorageKey
from aiogram.fsm.storage.redis import RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError
from shared.logging import get_logger
from typing_extensions import override

log = get_logger(__name__)

T = TypeVar("T")

# Somebody who was asked for a code an hour ago and writes now means something else.
STATE_TTL_S = 3600
# An update must not hang on a Redis that doesn't answer.
CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 2.0


def open_storage(redis_url: str) -> "ForgivingStorage":
    """The storage on Redis; connects when it is first needed."""
    redis = Redis.from_url(redis_url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=ANSWER_TIMEOUT_S)
    keys = DefaultKeyBuilder(prefix="memberpass:conversation", with_bot_id=True)
    return ForgivingStorage(RedisStorage(redis, key_builder=keys, state_ttl=STATE_TTL_S, data_ttl=STATE_TTL_S))


class ForgivingStorage(BaseStorage):
    """Takes an outage for "no state": whoever sends a code is still understood, only the prompt is forgotten."""

    def __init__(self, inner: BaseStorage) -> None:
        self._inner = inner

    @override
    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        await self._try(lambda: self._inner.set_state(key, state), None)

    @override
    async def get_state(self, key: StorageKey) -> str | None:
        return await self._try(lambda: self._inner.get_state(key), None)

    @override
    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._try(lambda: self._inner.set_data(key, data), None)

    @override
    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        nothing: dict[str, Any] = {}
        return await self._try(lambda: self._inner.get_data(key), nothing)

    @override
    async def close(self) -> None:
        await self._try(self._inner.close, None)

    async def _try(self, step: Callable[[], Awaitable[T]], otherwise: T) -> T:
        try:
            return await step()
        except (RedisError, OSError) as error:
            log.warning("conversation_state_unavailable", error=type(error).__name__)
            return otherwise
