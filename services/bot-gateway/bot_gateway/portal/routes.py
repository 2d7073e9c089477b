"""Where the public pages are."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from shared.errors import AppError
from shared.logging import get_logger

from bot_gateway.gateway import Gateway, gateway_of
from bot_gateway.portal.pages import POLICY, front_page, not_found_page, project_page

log = get_logger(__name__)

router = APIRouter(include_in_schema=False)

NOBODY = 0
"""No Telegram user has this id: the view of somebody without memberships."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_SHORTLY = {"Cache-Control": "public, max-age=30"}


@router.get("/")
async def front() -> HTMLResponse:
    """The front door."""
    return HTMLResponse(front_page(), headers=_HEADERS | _SHORTLY)


@router.get("/p/{username}")
async def project(username: str, gateway: Annotated[Gateway, Depends(gateway_of)]) -> HTMLResponse:
    """A project's page, by its bot's username."""
    known = gateway.bots.by_username(username)
    loaded = await gateway.bots.fresh(known.connected.bot_id) if known else None
    if loaded is None:
        return HTMLResponse(not_found_page(), HTTPStatus.NOT_FOUND, headers=_HEADERS)
    connected = loaded.connected
    try:
        view = await gateway.hasty_codes.member_view(connected.account_id, connected.project_id, NOBODY)
    except AppError as error:
        log.warning("portal_without_plans", project_id=str(connected.project_id), code=error.problem_code)
        headers = _HEADERS | {"Retry-After": "5"}
        return HTMLResponse(project_page(connected, None), HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
    return HTMLResponse(project_page(connected, view.plans), headers=_HEADERS | _SHORTLY)
