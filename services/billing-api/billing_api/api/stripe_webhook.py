"""/v1/webhooks/stripe. Exists only with PAYMENT_PROCESSOR=stripe."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Request
from shared.errors import DependencyUnavailableError
from shared.problems import problem_responses

from billing_api.api.deps import NowDep, SessionDep, StateDep
from billing_api.payments.errors import SignatureInvalidError
from billing_api.payments.stripe_events import read_event, take_event

router = APIRouter(prefix="/v1/webhooks", tags=["Webhooks"])


@router.post(
    "/stripe",
    summary="Take an event of Stripe's",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(SignatureInvalidError, DependencyUnavailableError),
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}},
)
async def post_event(
    request: Request,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
    stripe_signature: Annotated[str | None, Header(description="Stripe's signature of the body.")] = None,
) -> None:
    """For Stripe only: the signature is its proof. Events that come twice, late or out of order change nothing twice."""
    event = read_event(await request.body(), stripe_signature, state.settings.stripe_webhook_secret)
    if event is not None:
        await take_event(session, event=event, now=now)
