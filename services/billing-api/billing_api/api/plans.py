"""/v1/plans."""

from fastapi import APIRouter
from shared.contracts.pages import Page
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, PerhapsCreatorDep, SessionDep
from billing_api.api.schemas.plans import PlanOut, show_plan
from billing_api.plans.find import list_plans

router = APIRouter(prefix="/v1/plans", tags=["Plans"])


@router.get(
    "",
    summary="List the platform plans",
    responses=problem_responses(*READ_PROBLEMS),
    openapi_extra={"security": [{}]},  # beside the key: without one as well
)
async def get_plans(creator: PerhapsCreatorDep, session: SessionDep) -> Page[PlanOut]:
    """The catalog, open to all; with an API key also the plans made for this account. One page holds them all."""
    plans = await list_plans(session, account_id=creator.account_id if creator is not None else None)
    return Page[PlanOut](data=[show_plan(plan) for plan in plans])
