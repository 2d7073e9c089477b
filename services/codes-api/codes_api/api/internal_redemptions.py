"""Redeeming, which is what members ask for most, with as little as possible between the socket and the statement.

FastAPI's solving of parameters costs more here than everything else together, so this one route takes the request as it
is. What it answers, and what it refuses with, is as everywhere.
"""

from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from shared.auth import check_service
from shared.contracts.redemptions import TypedCode
from shared.errors import NotFoundError
from starlette.responses import Response
from typing_extensions import override

from codes_api.codes.redeem import redeem
from codes_api.codes.throttle import Member
from codes_api.codes.try_code import try_code
from codes_api.state import running


class BareRoute(APIRoute):
    """Hands the request to its endpoint and sends what comes back. No dependency runs: the endpoint checks the caller."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


router = APIRouter(prefix="/internal/projects/{account_id}/{project_id}", route_class=BareRoute, include_in_schema=False)


@router.post("/redemptions")
async def redeem_code(request: Request) -> Response:
    """Redeem a code: `TypedCode` in, `Redemption` out."""
    state = running(request)
    check_service(request.headers.get("Authorization"), state.settings.service_token)
    account_id, project_id = _place(request)
    typed = await _typed_code(request)
    now = state.clock.now()
    redemption = await try_code(
        state.throttle,
        state.database,
        Member(account_id, project_id, typed.telegram_id),
        typed=typed.text,
        now=now,
        use=lambda: redeem(
            state.database,
            account_id=account_id,
            project_id=project_id,
            typed=typed.text,
            telegram_id=typed.telegram_id,
            now=now,
            claim=state.together.claim,
        ),
    )
    return Response(redemption.model_dump_json(), media_type="application/json")


def _place(request: Request) -> tuple[UUID, UUID]:
    ids = request.path_params
    try:
        return UUID(ids["account_id"]), UUID(ids["project_id"])
    except ValueError as error:
        raise NotFoundError("There is no such project.") from error


async def _typed_code(request: Request) -> TypedCode:
    try:
        return TypedCode.model_validate_json(await request.body())
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**problem, "loc": ("body", *problem["loc"])} for problem in problems]) from error
