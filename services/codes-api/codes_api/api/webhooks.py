"""/v1/projects/{p}/webhooks: where a creator wants to be told what happens."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, status
from pydantic import BeforeValidator, Field, SecretStr, StrictBool
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.pages import InvalidCursorError, Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of

from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import post_problems, read_problems, write_problems
from codes_api.api.fields import DEFAULT_LIMIT, Cursor, Id, Limit, ProjectId, ShortText, WebhookId
from codes_api.projects.errors import ProjectArchivedError
from codes_api.state import State
from codes_api.webhooks.change import Change, change_endpoint, remove_endpoint
from codes_api.webhooks.errors import WebhookLimitReachedError, WebhookUrlInvalidError
from codes_api.webhooks.find import get_endpoint
from codes_api.webhooks.list import list_endpoints
from codes_api.webhooks.models import DisabledReason, WebhookEndpoint, WebhookEvent
from codes_api.webhooks.register import register
from codes_api.webhooks.rotate_secret import rotate_secret
from codes_api.webhooks.url import MAX_URL, checked_url

router = APIRouter(prefix="/v1/projects/{project_id}/webhooks", tags=["Webhooks"], route_class=IdempotentRoute)

Url = Annotated[str, Field(max_length=MAX_URL, examples=["https://example.com/memberpass"])]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent))]
_ABOUT_URL = "https, of a public server, without credentials or a fragment."


def _no_null(value: object) -> object:
    if value is None:
        msg = "must not be null; leave it out to keep what there is"
        raise ValueError(msg)
    return value


class WebhookRequest(WireModel):
    """Where you want to be told, and of what."""

    url: Url = Field(description=_ABOUT_URL)
    description: ShortText | None = Field(default=None, description="For you.", examples=["CRM"])
    events: Events = Field(default=list(WebhookEvent), description="All, if you leave it out.")


class WebhookChange(WireModel):
    """What is to be different. What you leave out stays."""

    url: Annotated[Url | None, BeforeValidator(_no_null)] = Field(default=None, description=_ABOUT_URL)
    description: ShortText | None = Field(default=None, description="null takes it away.", examples=["CRM"])
    events: Annotated[Events | None, BeforeValidator(_no_null)] = None
    enabled: Annotated[StrictBool | None, BeforeValidator(_no_null)] = Field(
        default=None, description="Off: nothing is sent, and what waits is given up. On: begins anew.", examples=[True]
    )


class WebhookOut(WireModel):
    """One address of yours."""

    id: Id
    project_id: Id
    url: str = Field(examples=["https://example.com/memberpass"])
    description: str | None = Field(examples=["CRM"])
    events: list[WebhookEvent]
    enabled: bool = Field(examples=[True])
    disabled_at: UtcDatetime | None = Field(examples=[None])
    disabled_reason: DisabledReason | None = Field(
        description="`failing`: it accepted nothing for 3 days. `gone`: it answered 410.", examples=[None]
    )
    failing_since: UtcDatetime | None = Field(description="The first failure after the last success.", examples=[None])
    old_secret_valid_until: UtcDatetime | None = Field(description="After a rotation both secrets sign.", examples=[None])
    created_at: UtcDatetime


class WebhookWithSecret(WebhookOut):
    """An address with its secret: shown this once."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


def _fields(endpoint: WebhookEndpoint, now: datetime) -> dict[str, object]:
    until = endpoint.previous_secret_until
    return {
        "id": endpoint.id,
        "project_id": endpoint.project_id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "enabled": endpoint.enabled,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": endpoint.failing_since,
        "old_secret_valid_until": until if until is not None and until > now else None,
        "created_at": endpoint.created_at,
    }


def webhook_out(endpoint: WebhookEndpoint, now: datetime) -> WebhookOut:
    """An endpoint on the wire."""
    return WebhookOut.model_validate(_fields(endpoint, now))


def _with_secret(endpoint: WebhookEndpoint, secret: SecretStr, now: datetime) -> WebhookWithSecret:
    return WebhookWithSecret.model_validate({**_fields(endpoint, now), "secret": secret.get_secret_value()})


async def _good_url(url: str, state: State) -> str:
    """Before any transaction: the name is looked up."""
    checked = checked_url(url, plain_http=state.settings.sandbox)
    await state.courier.check(checked)
    return checked


@router.post(
    "",
    summary="Add a webhook",
    status_code=status.HTTP_201_CREATED,
    responses=post_problems(WebhookUrlInvalidError, WebhookLimitReachedError, ProjectArchivedError),
)
async def create(
    *,
    request: Request,
    project_id: ProjectId,
    asker: CreatorDep,
    body: WebhookRequest,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
) -> WebhookWithSecret:
    """The answer holds the secret that signs what is sent to you; it is not shown again. At most 10 a project."""
    endpoint, secret = await register(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        endpoint_id=resource_id_of(request),
        url=await _good_url(body.url, state),
        description=body.description,
        events=body.events,
        sealer=state.sealer,
        now=now,
    )
    return _with_secret(endpoint, secret, now)


@router.get("", summary="List webhooks", responses=read_problems(NotFoundError, InvalidCursorError))
async def list_(
    project_id: ProjectId,
    asker: CreatorDep,
    session: SessionDep,
    now: NowDep,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[WebhookOut]:
    """Newest first."""
    found, next_cursor = await list_endpoints(
        session, account_id=asker.account_id, project_id=project_id, limit=limit, cursor=cursor
    )
    return Page[WebhookOut](data=[webhook_out(one, now) for one in found], next_cursor=next_cursor)


@router.get("/{webhook_id}", summary="Look at a webhook", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, webhook_id: WebhookId, asker: CreatorDep, session: SessionDep, now: NowDep) -> WebhookOut:
    """Whether it works, and since when it does not."""
    endpoint = await get_endpoint(session, account_id=asker.account_id, project_id=project_id, endpoint_id=webhook_id)
    return webhook_out(endpoint, now)


@router.patch("/{webhook_id}", summary="Change a webhook", responses=write_problems(WebhookUrlInvalidError))
async def change(
    *,
    project_id: ProjectId,
    webhook_id: WebhookId,
    asker: CreatorDep,
    body: WebhookChange,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
) -> WebhookOut:
    """Deliveries that wait for another try go to the new URL as well."""
    wanted = Change(
        url=None if body.url is None else await _good_url(body.url, state),
        events=body.events,
        enabled=body.enabled,
        description=body.description,
        describe="description" in body.model_fields_set,
    )
    endpoint = await change_endpoint(
        session, account_id=asker.account_id, project_id=project_id, endpoint_id=webhook_id, change=wanted, now=now
    )
    return webhook_out(endpoint, now)


@router.delete("/{webhook_id}", summary="Delete a webhook", status_code=status.HTTP_204_NO_CONTENT, responses=write_problems())
async def remove(project_id: ProjectId, webhook_id: WebhookId, asker: CreatorDep, session: SessionDep) -> None:
    """With the log of its deliveries; what waits is not sent."""
    await remove_endpoint(session, account_id=asker.account_id, project_id=project_id, endpoint_id=webhook_id)


@router.post("/{webhook_id}/rotate-secret", summary="Take a new secret", responses=post_problems())
async def rotate(
    project_id: ProjectId, webhook_id: WebhookId, asker: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> WebhookWithSecret:
    """For 24 hours every message carries two signatures, by the new secret and by the one before; a receiver that verifies
    with either is content."""
    endpoint, secret = await rotate_secret(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        endpoint_id=webhook_id,
        sealer=state.sealer,
        now=now,
    )
    return _with_secret(endpoint, secret, now)
