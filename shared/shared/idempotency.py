"""Idempotency keys on POST (`contract.md`, Conventions): ask twice, get the first answer.

How it holds under crashes and races:
1. The key is claimed in a transaction of its own, with a lock that runs out (a process can die).
2. The answer is written in the transaction of the effect, so that there is never an effect without its answer.
3. The claim carries a `resource_id`, made once. Operations of several transactions use it as their business id (a
   batch's, an invoice's), so that a retry after a crash goes on with the same thing instead of making a second.

An answer can hold a secret that is shown once (an API key, a webhook's). So the table holds neither the client's key, only
its hash, nor the answer, only what is sealed with a key made from the client's: who reads the table learns nothing.

An answer is kept once the operation began: what it gave, or the refusal it met (4xx). A request that never began
(malformed, not authorised, too many) or that met a passing fault (5xx) leaves the key free, as others in the field do.
"""

import base64
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table, Uuid, and_, func, or_, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from typing_extensions import override

from shared.db import Database, UtcDateTime
from shared.errors import (
    AppError,
    FieldError,
    IdempotencyKeyReusedError,
    RateLimitedError,
    RequestInProgressError,
    UnauthorizedError,
)
from shared.fingerprint import fingerprint_of
from shared.ids import new_id
from shared.problems import render_error

HEADER: Final = "Idempotency-Key"
KEEP: Final = timedelta(hours=24)
# Longer than any request is let run; after it a claim is a dead process's and may be taken over.
LOCK: Final = timedelta(seconds=60)
MAX_KEY: Final = 255
_NOT_BEGUN = UnauthorizedError | RateLimitedError | RequestInProgressError


def idempotency_table(metadata: MetaData) -> Table:
    """The claimed keys with their answers. `account_id` is who asks: an account, or what stands for operators and strangers."""
    table = Table(
        "idempotency_keys",
        metadata,
        Column("account_id", Uuid, primary_key=True),
        Column("key", String(MAX_KEY), primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("resource_id", Uuid, nullable=False),
        Column("locked_until", UtcDateTime),
        Column("created_at", UtcDateTime, nullable=False),
        Column("status", Integer),
        Column("headers", JSONB),
        Column("body", LargeBinary),
    )
    Index("ix_idempotency_keys_created_at", table.c.created_at)
    return table


@dataclass(frozen=True)
class Claim:
    """This request holds the key. `resource_id` is the same for every try, `seal` opens and closes the answer."""

    account_id: UUID
    key_hash: str
    resource_id: UUID
    seal: Fernet = field(repr=False)


@dataclass(frozen=True)
class _Stored:
    """The first answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def as_response(self) -> Response:
        return Response(self.body, status_code=self.status, headers={**self.headers, "Idempotent-Replayed": "true"})


class _Replay(Exception):
    """Leaves the dependencies early: the answer is known."""

    def __init__(self, stored: _Stored) -> None:
        self.stored = stored


class IdempotencyKeys:
    """Claims keys and keeps answers in one service's database. Times are the machine's, not the sandbox's."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table

    async def claim(self, request: Request, account_id: UUID) -> None:
        """Claim the request's key, if it has one; to be called by the dependency that knows the account.

        Raises:
            FieldError: the key is empty or too long.
            IdempotencyKeyReusedError: the key came with another request before.
            RequestInProgressError: the first request is still running.
        """
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST":
            return
        if not 1 <= len(key) <= MAX_KEY:
            raise FieldError(HEADER, f"An idempotency key has 1 to {MAX_KEY} characters.")
        fingerprint = await fingerprint_of(request)
        async with self._database.transaction() as session:
            claim = await self._take(session, account_id, key, fingerprint)
        request.state.idempotency = claim

    async def _take(self, session: AsyncSession, account_id: UUID, key: str, fingerprint: bytes) -> Claim:
        keys = self._table
        seal, key = _seal(account_id, key), hashlib.sha256(key.encode()).hexdigest()
        now: Any = func.clock_timestamp()
        outlived = keys.c.created_at < now - KEEP
        abandoned = and_(keys.c.status.is_(None), or_(keys.c.locked_until.is_(None), keys.c.locked_until < now))
        fresh = insert(keys).values(
            account_id=account_id,
            key=key,
            fingerprint=fingerprint,
            resource_id=new_id(),
            locked_until=now + LOCK,
            created_at=now,
        )
        first = fresh.on_conflict_do_nothing().returning(keys.c.resource_id)
        resource_id = (await session.execute(first)).scalar_one_or_none()
        if resource_id is not None:
            return Claim(account_id, key, resource_id, seal)
        mine = and_(keys.c.account_id == account_id, keys.c.key == key)
        expired = (
            update(keys)
            .where(mine, outlived)
            .values(
                fingerprint=fingerprint,
                resource_id=new_id(),
                locked_until=now + LOCK,
                created_at=now,
                status=None,
                headers=None,
                body=None,
            )
            .returning(keys.c.resource_id)
        )
        resource_id = (await session.execute(expired)).scalar_one_or_none()
        if resource_id is not None:
            return Claim(account_id, key, resource_id, seal)
        row = (await session.execute(keys.select().where(mine).with_for_update())).mappings().one()
        if row["fingerprint"] != fingerprint:
            raise IdempotencyKeyReusedError
        if row["status"] is not None:
            raise _Replay(_Stored(row["status"], row["headers"], seal.decrypt(row["body"])))
        taken_over = update(keys).where(mine, abandoned).values(locked_until=now + LOCK).returning(keys.c.resource_id)
        resource_id = (await session.execute(taken_over)).scalar_one_or_none()
        if resource_id is None:
            raise RequestInProgressError
        return Claim(account_id, key, resource_id, seal)

    async def keep(self, session: AsyncSession, claim: Claim, response: Response) -> None:
        """Write the answer into the given transaction: the effect's own, or one of its own for a refusal."""
        await session.execute(
            update(self._table)
            .where(self._table.c.account_id == claim.account_id, self._table.c.key == claim.key_hash)
            .values(
                status=response.status_code,
                headers={name: value for name, value in response.headers.items() if name in {"content-type", "location"}},
                body=claim.seal.encrypt(bytes(response.body)),
                locked_until=None,
            )
        )

    async def keep_refusal(self, claim: Claim, response: Response) -> None:
        """Write a refusal in a transaction of its own: the effect's was rolled back."""
        async with self._database.transaction() as session:
            await self.keep(session, claim, response)

    async def forget(self, claim: Claim) -> None:
        """Delete the claim: the request never began, so the key may come with a corrected one."""
        async with self._database.transaction() as session:
            await session.execute(
                self._table.delete().where(
                    self._table.c.account_id == claim.account_id,
                    self._table.c.key == claim.key_hash,
                    self._table.c.status.is_(None),
                )
            )

    async def let_go(self, claim: Claim) -> None:
        """Free the key: the request met a passing fault, so a retry may run at once (with the same resource id)."""
        async with self._database.transaction() as session:
            await session.execute(
                update(self._table)
                .where(self._table.c.account_id == claim.account_id, self._table.c.key == claim.key_hash)
                .values(locked_until=None)
            )

    async def forget_old(self, now: datetime) -> int:
        """Delete keys older than 24 hours; returns how many."""
        async with self._database.transaction() as session:
            gone = await session.execute(
                self._table.delete().where(self._table.c.created_at < now - KEEP).returning(self._table.c.key)
            )
            return len(gone.all())


# Read by `claim` itself: a parameter of FastAPI's would cost every request its part.
_IN_THE_DOCS: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": f"Any text of 1 to {MAX_KEY} characters. The same key with the same body within {KEEP // timedelta(hours=1)} "
    "hours gives the first answer again and does nothing twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "examples": ["order-4711"]},
}


class IdempotentRoute(APIRoute):
    """A route that answers a known key with its first answer, and shows the header in the docs of every POST.

    The app holds `app.state.idempotency` (IdempotencyKeys). The dependency that authenticates calls `claim`; the one
    that opens the request's transaction puts it on `request.state.session`, so that the answer is written there before
    it commits.
    """

    @override
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if "POST" in (options.get("methods") or ()):
            options["openapi_extra"] = {**(options.get("openapi_extra") or {}), "parameters": [_IN_THE_DOCS]}
        super().__init__(path, endpoint, **options)

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            keys: IdempotencyKeys = request.app.state.idempotency
            try:
                response = await handle(request)
            except _Replay as replay:
                return replay.stored.as_response()
            except Exception as error:
                claim = _claim_of(request)
                if claim is not None:
                    await _settle_failure(keys, claim, error)
                raise
            claim = _claim_of(request)
            if claim is not None:
                await keys.keep(request.state.session, claim, response)
            return response

        return handle_once


def _claim_of(request: Request) -> Claim | None:
    claim: Claim | None = getattr(request.state, "idempotency", None)
    return claim


async def _settle_failure(keys: IdempotencyKeys, claim: Claim, error: Exception) -> None:
    if isinstance(error, RequestValidationError | _NOT_BEGUN):
        await keys.forget(claim)
    elif isinstance(error, AppError) and error.problem_status < HTTPStatus.INTERNAL_SERVER_ERROR:
        await keys.keep_refusal(claim, render_error(error))
    else:
        await keys.let_go(claim)


def resource_id_of(request: Request) -> UUID:
    """The business id for what this request makes: the claimed key's, so that a retry makes the same thing; else new."""
    claim = _claim_of(request)
    return claim.resource_id if claim is not None else new_id()


def _seal(account_id: UUID, key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=account_id.bytes, info=b"idempotency answer").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
