"""/v1/projects/{p}/webhooks/{w}/deliveries: what was sent, what came of it, and once more."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Request, status
from pydantic import Field
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.pages import InvalidCursorError, Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of

from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import post_problems, read_problems
from codes_api.api.fields import DEFAULT_LIMIT, Cursor, DeliveryId, Limit, ProjectId, WebhookId
from codes_api.webhooks.deliveries import LoggedDelivery, list_deliveries, log_of
from codes_api.webhooks.errors import WebhookDisabledError
from codes_api.webhooks.models import DeliveryStatus
from codes_api.webhooks.resend import resend, send_test

router = APIRouter(prefix="/v1/projects/{project_id}/webhooks/{webhook_id}", tags=["Webhooks"], route_class=IdempotentRoute)


class AttemptOut(WireModel):
    """One try."""

    number: int = Field(examples=[1])
    attempted_at: UtcDatetime
    status_code: int | None = Field(description="What you answered; null: nothing.", examples=[500])
    duration_ms: int = Field(examples=[84])
    error: str | None = Field(
        description="null: accepted. `status` (not 2xx; redirects are not followed), `timeout` (10 seconds), `unresolvable`, "
        "`address_refused` (not public), `unreachable`, `tls`, `broken_off`, `unsendable`.",
        examples=["status"],
    )


class DeliveryOut(WireModel):
    """One message to you."""

    id: UUID = Field(description="The `webhook-id` of every try: tell repetitions by it.")
    type: str = Field(examples=["access_code.redeemed"])
    status: DeliveryStatus
    created_at: UtcDatetime
    next_attempt_at: UtcDatetime | None = Field(description="While it is pending.")
    delivered_at: UtcDatetime | None
    attempts: Sequence[AttemptOut] = Field(description="Oldest first.")


def delivery_out(logged: LoggedDelivery) -> DeliveryOut:
    """A delivery on the wire."""
    delivery = logged.delivery
    return DeliveryOut(
        id=delivery.id,
        type=delivery.type,
        status=DeliveryStatus(delivery.status),
        created_at=delivery.created_at,
        next_attempt_at=delivery.next_attempt_at,
        delivered_at=delivery.delivered_at,
        attempts=[AttemptOut.model_validate(attempt) for attempt in logged.attempts],
    )


@router.get("/deliveries", summary="List deliveries", responses=read_problems(NotFoundError, InvalidCursorError))
async def list_(
    *,
    project_id: ProjectId,
    webhook_id: WebhookId,
    asker: CreatorDep,
    session: SessionDep,
    status: Annotated[DeliveryStatus | None, Query(description="Only these.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DeliveryOut]:
    """Of the last 30 days, newest first, each with its tries."""
    found, next_cursor = await list_deliveries(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        endpoint_id=webhook_id,
        status=status,
        limit=limit,
        cursor=cursor,
    )
    return Page[DeliveryOut](data=[delivery_out(one) for one in found], next_cursor=next_cursor)


@router.post(
    "/deliveries/{delivery_id}/resend",
    summary="Send a delivery again",
    status_code=status.HTTP_202_ACCEPTED,
    responses=post_problems(WebhookDisabledError),
)
async def send_again(
    *,
    project_id: ProjectId,
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    asker: CreatorDep,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
    background: BackgroundTasks,
) -> DeliveryOut:
    """The same message with the same id, at once and then for 3 days, whatever became of it before."""
    background.add_task(state.webhooks.wake)  # after the commit
    delivery = await resend(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        endpoint_id=webhook_id,
        delivery_id=delivery_id,
        now=now,
    )
    return delivery_out(await log_of(session, delivery))


@router.post(
    "/test",
    summary="Send a test",
    status_code=status.HTTP_202_ACCEPTED,
    responses=post_problems(WebhookDisabledError),
)
async def test(
    *,
    request: Request,
    project_id: ProjectId,
    webhook_id: WebhookId,
    asker: CreatorDep,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
    background: BackgroundTasks,
) -> DeliveryOut:
    """A `webhook.test`, whatever the webhook subscribes to; what became of it is in the list of deliveries."""
    background.add_task(state.webhooks.wake)  # after the commit
    delivery = await send_test(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        endpoint_id=webhook_id,
        delivery_id=resource_id_of(request),
        now=now,
    )
    return delivery_out(LoggedDelivery(delivery, []))
