"""A project's statistics, which the bot shows its creator."""

from uuid import UUID

from fastapi import APIRouter
from shared.contracts.statistics import CodeStatistics

from codes_api.api.deps import NowDep, ServiceOnly, StateDep
from codes_api.api.statistics import PngResponse, picture_of, statistics_of
from codes_api.codes.statistics_window import window

router = APIRouter(prefix="/internal/projects/{account_id}/{project_id}", dependencies=[ServiceOnly], include_in_schema=False)


@router.get("/stats")
async def stats(account_id: UUID, project_id: UUID, state: StateDep, now: NowDep) -> CodeStatistics:
    """With the last 30 days."""
    days = window(None, None, now=now)
    return await statistics_of(state, account_id=account_id, project_id=project_id, batch_id=None, days=days, now=now)


@router.get("/stats.png")
async def stats_png(account_id: UUID, project_id: UUID, state: StateDep, now: NowDep) -> PngResponse:
    """The picture of the same."""
    data = await stats(account_id, project_id, state, now)
    return PngResponse(await picture_of(data, account_id, "png"))
