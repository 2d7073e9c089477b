"""/v1/usage."""

from fastapi import APIRouter
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, CreatorDep, NowDep, SessionDep, StateDep
from billing_api.api.schemas.usage import UsageOut, show_usage
from billing_api.usage.summary import usage_summary

router = APIRouter(prefix="/v1/usage", tags=["Usage"])


@router.get("", summary="Show usage and pending fees", responses=problem_responses(*READ_PROBLEMS))
async def get_usage(creator: CreatorDep, state: StateDep, session: SessionDep, now: NowDep) -> UsageOut:
    """The running cycle: codes, fees that wait for the next invoice, projects, lifetime memberships."""
    counted = await state.codes.account_usage(creator.account_id)
    return show_usage(await usage_summary(session, account_id=creator.account_id, now=now), counted)
