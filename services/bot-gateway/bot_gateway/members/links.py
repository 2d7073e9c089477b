"""Which invite link was made for which membership, so that asking again shows the same one and lets nobody else in."""

from typing import Final
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError
from shared.logging import get_logger

from bot_gateway.storage import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S

log = get_logger(__name__)

KEPT_S: Final = 400 * 24 * 3600


class InviteLinks:
    """Kept in Redis. While it is away nothing is known, and a new link is made.

    Args:
        redis_url: `redis://...`.
    """

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url,
            decode_responses=True,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
        )

    async def get(self, membership_id: UUID, chat_id: int) -> str | None:
        """The link, if there is one."""
        try:
            link: str | None = await self._redis.get(_key(membership_id, chat_id))
        except (RedisError, OSError) as error:
            log.warning("invite_links_unavailable", error=type(error).__name__)
            return None
        return link

    async def put(self, membership_id: UUID, chat_id: int, link: str) -> None:
        """Remember a link."""
        try:
            await self._redis.set(_key(membership_id, chat_id), link, ex=KEPT_S)
        except (RedisError, OSError) as error:
            log.warning("invite_links_unavailable", error=type(error).__name__)

    async def forget(self, membership_id: UUID, chat_id: int) -> None:
        """The membership is over and its link revoked."""
        try:
            await self._redis.delete(_key(membership_id, chat_id))
        except (RedisError, OSError) as error:
            log.warning("invite_links_unavailable", error=type(error).__name__)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()


def _key(membership_id: UUID, chat_id: int) -> str:
    return f"memberpass:invite:{membership_id}:{chat_id}"
