"""What bot-gateway asks for a member: look at a code, redeem it, show what there is."""

from uuid import UUID

from fastapi import APIRouter, Request
from shared.contracts.redemptions import CodePreview, MemberView, Redemption, TypedCode

from codes_api.api.deps import NowDep, ServiceOnly, SessionDep, StateDep
from codes_api.codes.preview import preview
from codes_api.codes.redeem import redeem
from codes_api.memberships.members import member_view
from codes_api.state import running

router = APIRouter(prefix="/internal/projects/{account_id}/{project_id}", dependencies=[ServiceOnly], include_in_schema=False)


@router.post("/redemptions")
async def redeem_code(account_id: UUID, project_id: UUID, body: TypedCode, request: Request) -> Redemption:
    """Redeem a code."""
    state = running(request)
    return await redeem(
        state.database,
        account_id=account_id,
        project_id=project_id,
        typed=body.text,
        telegram_id=body.telegram_id,
        now=state.clock.now(),
    )


@router.post("/codes/preview")
async def preview_code(account_id: UUID, project_id: UUID, body: TypedCode, state: StateDep) -> CodePreview:
    """What a code would give."""
    return await preview(
        state.database,
        account_id=account_id,
        project_id=project_id,
        typed=body.text,
        telegram_id=body.telegram_id,
        now=state.clock.now(),
    )


@router.get("/members/{telegram_id}")
async def view_member(account_id: UUID, project_id: UUID, telegram_id: int, session: SessionDep, now: NowDep) -> MemberView:
    """The plans on offer and the member's running memberships."""
    return await member_view(session, account_id=account_id, project_id=project_id, telegram_id=telegram_id, now=now)
