"""/v1/projects/{p}/stats and .../batches/{b}/stats: figures, and a picture of them."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BeforeValidator
from shared.contracts.statistics import CodeStatistics
from shared.drawing.beside import draw
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute

from codes_api.api.deps import CreatorDep, NowDep, StateDep
from codes_api.api.docs import read_problems
from codes_api.api.fields import BatchId, ProjectId
from codes_api.codes.statistics import code_statistics
from codes_api.codes.statistics_window import MAX_DAYS, WindowOutOfRangeError, window
from codes_api.state import State

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["Statistics"], route_class=IdempotentRoute)

_PROBLEMS = read_problems(NotFoundError, WindowOutOfRangeError)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _picture(media_type: str, what: str) -> Mapping[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {int(HTTPStatus.OK): {"description": what, "content": content}}


_PNG = _picture("image/png", "1080 x 1200 pixels, to be read on a phone.")
_SVG = _picture("image/svg+xml", "The same for any size; its texts are drawn, so that it needs no font.")


class PngResponse(Response):
    """A picture of pixels."""

    media_type = "image/png"


class SvgResponse(Response):
    """A picture of lines."""

    media_type = "image/svg+xml"


def _a_day(value: Any) -> Any:
    """Only the one form: pydantic would read a number as a moment."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        msg = "must be a day such as 2026-12-31"
        raise ValueError(msg)
    return value


Day = Annotated[date, BeforeValidator(_a_day)]


async def _window(
    now: NowDep,
    first: Annotated[
        Day | None,
        Query(alias="from", description=f"First day, UTC; at most {MAX_DAYS} days. Without: 30 days.", examples=["2026-12-01"]),
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="Last day, UTC, itself within. Without: today.", examples=["2026-12-30"])
    ] = None,
) -> tuple[date, date]:
    return window(first, last, now=now)


WindowDep = Annotated[tuple[date, date], Depends(_window)]


async def statistics_of(
    state: State, *, account_id: UUID, project_id: UUID, batch_id: UUID | None, days: tuple[date, date], now: datetime
) -> CodeStatistics:
    """The figures, read in a transaction that ends before anything is drawn."""
    async with state.database.transaction() as session:
        return await code_statistics(
            session,
            account_id=account_id,
            project_id=project_id,
            batch_id=batch_id,
            first=days[0],
            last=days[1],
            now=now,
        )


async def picture_of(data: CodeStatistics, account_id: UUID, form: Literal["png", "svg"]) -> bytes:
    """The picture, drawn beside the event loop."""
    return await draw(account_id, lambda: _draw(data, form))


def _draw(data: CodeStatistics, form: Literal["png", "svg"]) -> bytes:
    from codes_api.codes.statistics_chart import draw_statistics  # noqa: PLC0415  # matplotlib takes a second to load

    return draw_statistics(data, form)


@router.get("/stats", summary="Statistics of a project", responses=_PROBLEMS)
async def of_project(project_id: ProjectId, asker: CreatorDep, state: StateDep, now: NowDep, days: WindowDep) -> CodeStatistics:
    """How many codes were generated, delivered, redeemed, revoked, and how many expired; redemptions a day."""
    return await statistics_of(state, account_id=asker.account_id, project_id=project_id, batch_id=None, days=days, now=now)


@router.get(
    "/stats.png", summary="Picture of a project's statistics", response_class=PngResponse, responses={**_PNG, **_PROBLEMS}
)
async def png_of_project(project_id: ProjectId, asker: CreatorDep, state: StateDep, now: NowDep, days: WindowDep) -> PngResponse:
    """The same as a picture. Your bot sends you the one of the last 30 days on `/stats`."""
    return PngResponse(await picture_of(await of_project(project_id, asker, state, now, days), asker.account_id, "png"))


@router.get(
    "/stats.svg", summary="Drawing of a project's statistics", response_class=SvgResponse, responses={**_SVG, **_PROBLEMS}
)
async def svg_of_project(project_id: ProjectId, asker: CreatorDep, state: StateDep, now: NowDep, days: WindowDep) -> SvgResponse:
    """The same as a vector drawing, for print and the web."""
    return SvgResponse(await picture_of(await of_project(project_id, asker, state, now, days), asker.account_id, "svg"))


@router.get("/batches/{batch_id}/stats", summary="Statistics of a batch", responses=_PROBLEMS)
async def of_batch(
    project_id: ProjectId, batch_id: BatchId, asker: CreatorDep, state: StateDep, now: NowDep, days: WindowDep
) -> CodeStatistics:
    """What became of its codes: of an influencer's, say, or a campaign's."""
    return await statistics_of(state, account_id=asker.account_id, project_id=project_id, batch_id=batch_id, days=days, now=now)


@router.get(
    "/batches/{batch_id}/stats.png",
    summary="Picture of a batch's statistics",
    response_class=PngResponse,
    responses={**_PNG, **_PROBLEMS},
)
async def png_of_batch(
    project_id: ProjectId, batch_id: BatchId, asker: CreatorDep, state: StateDep, now: NowDep, days: WindowDep
) -> PngResponse:
    """The same as a picture."""
    data = await of_batch(project_id, batch_id, asker, state, now, days)
    return PngResponse(await picture_of(data, asker.account_id, "png"))


@router.get(
    "/batches/{batch_id}/stats.svg",
    summary="Drawing of a batch's statistics",
    response_class=SvgResponse,
    responses={**_SVG, **_PROBLEMS},
)
async def svg_of_batch(
    project_id: ProjectId, batch_id: BatchId, asker: CreatorDep, state: StateDep, now: NowDep, days: WindowDep
) -> SvgResponse:
    """The same as a vector drawing, for print and the web."""
    data = await of_batch(project_id, batch_id, asker, state, now, days)
    return SvgResponse(await picture_of(data, asker.account_id, "svg"))
