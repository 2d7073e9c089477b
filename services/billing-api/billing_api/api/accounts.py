"""/v1/accounts, /v1/account, /v1/api-keys."""

from http import HTTPStatus

from fastapi import APIRouter, Depends
from shared.contracts.pages import Page
from shared.errors import (
    DependencyUnavailableError,
    NotFoundError,
    RateLimitedError,
)
from shared.idempotency import IdempotentRoute
from shared.problems import problem_responses

from billing_api.accounts.api_keys import create_api_key, delete_api_key, list_api_keys
from billing_api.accounts.browse import list_standing_changes
from billing_api.accounts.errors import LastApiKeyError
from billing_api.accounts.models import Account
from billing_api.accounts.open import open_account
from billing_api.api.deps import (
    POST_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    CreatorDep,
    NowDep,
    PageDep,
    SessionDep,
    throttle_openings,
)
from billing_api.api.paging import id_cursor, number_cursor, page_of
from billing_api.api.path_ids import ApiKeyId
from billing_api.api.schemas.accounts import (
    AccountOpened,
    AccountOut,
    ApiKeyOut,
    CreateApiKey,
    NewApiKeyOut,
    OpenAccount,
    StandingChangeOut,
    show_account,
    show_key,
    show_new_key,
    show_standing_change,
)
from billing_api.plans.models import FREE

router = APIRouter(prefix="/v1", route_class=IdempotentRoute)


@router.post(
    "/accounts",
    tags=["Accounts"],
    summary="Open an account",
    status_code=HTTPStatus.CREATED,
    dependencies=[Depends(throttle_openings)],
    responses=problem_responses(*POST_PROBLEMS, RateLimitedError, DependencyUnavailableError),
)
async def post_account(body: OpenAccount, session: SessionDep, now: NowDep) -> AccountOpened:
    """Open to all, throttled by address. The account starts on the free plan. The API key is shown this once."""
    account, secret = await open_account(session, email=body.email, name=body.name, now=now)
    return AccountOpened(account=show_account(account, FREE), api_key=secret.plain)


@router.get("/account", tags=["Accounts"], summary="Show the account", responses=problem_responses(*READ_PROBLEMS))
async def get_account(creator: CreatorDep, session: SessionDep) -> AccountOut:
    """The account that the key belongs to."""
    account = await session.get_one(Account, creator.account_id)
    return show_account(account, creator.entitlements.plan)


@router.get(
    "/account/standing-history",
    tags=["Accounts"],
    summary="Show how the standing went",
    responses=problem_responses(*READ_PROBLEMS),
)
async def get_standing_history(creator: CreatorDep, session: SessionDep, page: PageDep) -> Page[StandingChangeOut]:
    """Every step, newest first: overdue, locked, suspended, and the recoveries."""
    steps = await list_standing_changes(
        session, account_id=creator.account_id, before=number_cursor(page.cursor), limit=page.limit + 1
    )
    return page_of(steps, page.limit, show=show_standing_change, key=lambda step: step.number)


@router.get("/api-keys", tags=["API keys"], summary="List API keys", responses=problem_responses(*READ_PROBLEMS))
async def get_api_keys(creator: CreatorDep, session: SessionDep, page: PageDep) -> Page[ApiKeyOut]:
    """Names, last four characters, when made and last used; never the keys themselves."""
    keys = await list_api_keys(session, account_id=creator.account_id, before=id_cursor(page.cursor), limit=page.limit + 1)
    return page_of(keys, page.limit, show=show_key, key=lambda key: key.id)


@router.post(
    "/api-keys",
    tags=["API keys"],
    summary="Make an API key",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(*WRITE_PROBLEMS),
)
async def post_api_key(body: CreateApiKey, creator: CreatorDep, session: SessionDep, now: NowDep) -> NewApiKeyOut:
    """A further key with the same rights. The key is shown this once."""
    key, secret = await create_api_key(session, account_id=creator.account_id, name=body.name, now=now)
    return show_new_key(key, secret)


@router.delete(
    "/api-keys/{api_key_id}",
    tags=["API keys"],
    summary="Delete an API key",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(*READ_PROBLEMS, NotFoundError, LastApiKeyError),
)
async def remove_api_key(api_key_id: ApiKeyId, creator: CreatorDep, session: SessionDep) -> None:
    """It stops working at once. The only key can't be deleted: make another one first."""
    await delete_api_key(session, account_id=creator.account_id, api_key_id=api_key_id)
