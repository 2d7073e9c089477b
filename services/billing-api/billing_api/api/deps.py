"""What public and internal operations of billing-api depend on.

Order on a public request: who is it, may they ask this often, was this asked before, and only then a transaction, which
commits before the answer goes out.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials
from limits import RateLimitItemPerHour
from shared.auth import check_service, creator_bearer
from shared.contracts.pages import DEFAULT_LIMIT, MAX_LIMIT
from shared.errors import (
    AppError,
    DependencyUnavailableError,
    IdempotencyKeyReusedError,
    PayloadTooLargeError,
    RateLimitedError,
    RequestInProgressError,
    UnauthorizedError,
)
from shared.idempotency import IdempotencyKeys
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.authenticate import KeyHolder, authenticate
from billing_api.plans.models import CATALOG_OWNER
from billing_api.state import State, running, state_of

READ_PROBLEMS: tuple[type[AppError], ...] = (UnauthorizedError, RateLimitedError, DependencyUnavailableError)
"""What every operation with an API key can answer."""
POST_PROBLEMS: tuple[type[AppError], ...] = (PayloadTooLargeError, IdempotencyKeyReusedError, RequestInProgressError)
"""What every POST can answer, whoever asks."""
WRITE_PROBLEMS: tuple[type[AppError], ...] = (*READ_PROBLEMS, *POST_PROBLEMS)
"""What every POST with an API key can answer."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})

StateDep = Annotated[State, Depends(state_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(creator_bearer)]


async def _key_holder(request: Request, state: State, credentials: HTTPAuthorizationCredentials) -> KeyHolder:
    holder = await authenticate(state.database, api_key=credentials.credentials, now=state.clock.now())
    await state.limiter.hit(str(holder.api_key_id), writes=request.method not in _READS)
    return holder


async def _creator(request: Request, state: StateDep, credentials: Credentials) -> KeyHolder:
    if credentials is None:
        raise UnauthorizedError
    holder = await _key_holder(request, state, credentials)
    await _claim(request, holder.account_id)
    return holder


CreatorDep = Annotated[KeyHolder, Depends(_creator)]
"""Who asks. Refuses: unauthorized, rate_limited, request_in_progress, idempotency_key_reused."""


async def _perhaps_creator(request: Request, state: StateDep, credentials: Credentials) -> KeyHolder | None:
    return None if credentials is None else await _key_holder(request, state, credentials)


PerhapsCreatorDep = Annotated[KeyHolder | None, Depends(_perhaps_creator)]
"""Who asks, where a key is welcome but not needed; a wrong one is refused all the same."""


async def throttle_openings(request: Request, state: StateDep) -> None:
    """Let one address open so many accounts an hour and no more."""
    address = request.client.host if request.client is not None else "unknown"
    limit = RateLimitItemPerHour(state.settings.account_openings_per_hour)
    await state.limiter.hit(f"open-account:{address}", writes=True, limit=limit)
    # By address, too: the answer holds an API key, and another stranger who guesses key and body must not be given it.
    await _claim(request, uuid5(CATALOG_OWNER, address))


async def claim_for_operator(request: Request) -> None:
    """Idempotency keys of operators stand under the platform's own id."""
    await _claim(request, CATALOG_OWNER)


async def _claim(request: Request, account_id: UUID) -> None:
    keys: IdempotencyKeys = request.app.state.idempotency
    await keys.claim(request, account_id)


async def _session(request: Request, state: StateDep) -> AsyncIterator[AsyncSession]:
    async with state.database.transaction() as session:
        request.state.session = session
        yield session


# scope="function": commit before the response is sent, so that a client never holds an answer that is then rolled back.
# The transaction begins with its first statement, so a handler may talk HTTP before it uses the session.
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


@dataclass(frozen=True)
class PageQuery:
    """Which page of a list."""

    limit: int
    cursor: str | None


async def _page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> PageQuery:
    return PageQuery(limit, cursor)


PageDep = Annotated[PageQuery, Depends(_page)]
