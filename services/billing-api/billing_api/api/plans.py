"""/v1/plans."""

from fastapi import APIRouter
from shared.contracts.pages import Page
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, PageDep, PerhapsCreatorDep, SessionDep
from billing_api.api.paging import slice_of
from billing_api.api.schemas.plans import PlanOut, show_plan
from billing_api.plans.find import list_plans

router = APIRouter(prefix="/v1/plans", tags=["Plans"])


@router.get(
    "",
    summary="List the platform plans",
    responses=problem_responses(*READ_PROBLEMS),
    openapi_extra={"security": [{}]},  # beside the key: without one as well
)
async def get_plans(creator: PerhapsCreatorDep, session: SessionDep, page: PageDep) -> Page[PlanOut]:
    """The catalog, open to all, the cheapest first; with an API key then also the plans made for this account."""
    plans = await list_plans(session, account_id=creator.account_id if creator is not None else None)
    return slice_of(plans, limit=page.limit, cursor=page.cursor, show=show_plan, key=lambda plan: plan.code)
