"""What public and internal operations of codes-api depend on.

Order on a public request: who is it (billing-api knows), may they ask this often, was this asked before, and only then a
transaction, which commits before the answer goes out.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import SecretStr
from shared.auth import check_service, creator_bearer
from shared.contracts.accounts import Entitlements
from shared.errors import RemoteProblem, UnauthorizedError
from shared.idempotency import IdempotencyKeys
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.state import State, running, state_of
from codes_api.tenants.snapshot import keep_entitlements

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Creator:
    """The account a request speaks for, with billing-api's word on what it may do at this moment."""

    account_id: UUID
    entitlements: Entitlements


StateDep = Annotated[State, Depends(state_of)]


async def creator(
    request: Request,
    state: StateDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(creator_bearer)],
) -> Creator:
    """Who asks.

    Raises:
        UnauthorizedError: no key, or nobody's.
        RateLimitedError: too many requests with this key.
        RequestInProgressError, IdempotencyKeyReusedError: see shared.idempotency.
        DependencyUnavailableError: billing-api or Redis is away.
    """
    if credentials is None:
        raise UnauthorizedError
    try:
        known = await state.billing.authenticate(SecretStr(credentials.credentials))
    except RemoteProblem as problem:
        if problem.problem_status != HTTPStatus.UNAUTHORIZED:
            raise
        raise UnauthorizedError from problem  # with the WWW-Authenticate that a 401 must carry
    await state.limiter.hit(str(known.api_key_id), writes=request.method not in _READS)
    keys: IdempotencyKeys = request.app.state.idempotency
    await keys.claim(request, known.account_id)
    await keep_entitlements(state.database, known.entitlements)
    return Creator(known.account_id, known.entitlements)


CreatorDep = Annotated[Creator, Depends(creator)]


async def _session(request: Request, state: StateDep) -> AsyncIterator[AsyncSession]:
    async with state.database.transaction() as session:
        request.state.session = session
        yield session


# scope="function": commit before the response is sent, so that a client never holds an answer that is then rolled back.
SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]


async def _now(state: StateDep) -> datetime:
    return state.clock.now()


NowDep = Annotated[datetime, Depends(_now)]
"""The moment of this request, asked once."""


async def _service_only(request: Request) -> None:
    # Every dependency of a dependency costs a request some 20 microseconds, so this one has none.
    check_service(request.headers.get("Authorization"), running(request).settings.service_token)


ServiceOnly = Depends(_service_only)
"""For internal routers: `APIRouter(dependencies=[ServiceOnly])`."""
