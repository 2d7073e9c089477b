"""Asks a process whether it is ready. A probe answers False for "not yet" and never waits long."""

import ssl
from dataclasses import dataclass
from typing import Protocol

import asyncpg
import httpx
import redis.asyncio
from redis.exceptions import RedisError

PATIENCE_S = 2.0
# Plain HTTP on loopback. Without this, every client would read the machine's certificate authorities first (20 ms).
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Probe(Protocol):
    """One question to one process."""

    async def __call__(self) -> bool:
        """Whether it is ready."""
        ...


@dataclass(frozen=True)
class HttpProbe:
    """Ready: the address answers 200."""

    url: str

    async def __call__(self) -> bool:
        """Whether it is ready."""
        # Loopback needs no proxy, whatever the environment says of one.
        async with httpx.AsyncClient(trust_env=False, verify=_NO_AUTHORITIES, timeout=PATIENCE_S) as client:
            try:
                answer = await client.get(self.url)
            except httpx.HTTPError:
                return False
            return answer.status_code == httpx.codes.OK


@dataclass(frozen=True)
class PostgresProbe:
    """Ready: the server takes a connection."""

    url: str

    async def __call__(self) -> bool:
        """Whether it is ready."""
        try:
            connection = await asyncpg.connect(self.url, timeout=PATIENCE_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close(timeout=PATIENCE_S)
        return True


@dataclass(frozen=True)
class RedisProbe:
    """Ready: the server answers a ping (it does not while it reads its data)."""

    url: str

    async def __call__(self) -> bool:
        """Whether it is ready."""
        client = redis.asyncio.Redis.from_url(self.url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
        try:
            await client.ping()
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
        return True
