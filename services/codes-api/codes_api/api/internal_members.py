"""What bot-gateway asks for a member: look at a code, show what there is. Redeeming it is in `internal_redemptions.py`."""

from uuid import UUID

from fastapi import APIRouter
from shared.contracts.redemptions import CodePreview, KnownCode, MemberView, TypedCode

from codes_api.api.deps import NowDep, ServiceOnly, SessionDep, StateDep
from codes_api.codes.known import is_known
from codes_api.codes.preview import preview
from codes_api.codes.throttle import Member
from codes_api.codes.try_code import try_code
from codes_api.memberships.members import member_view

router = APIRouter(prefix="/internal/projects/{account_id}/{project_id}", dependencies=[ServiceOnly], include_in_schema=False)


@router.post("/codes/preview")
async def preview_code(account_id: UUID, project_id: UUID, body: TypedCode, state: StateDep, now: NowDep) -> CodePreview:
    """What a code would give."""
    return await try_code(
        state.throttle,
        state.database,
        Member(account_id, project_id, body.telegram_id),
        typed=body.text,
        now=now,
        use=lambda: preview(
            state.database,
            account_id=account_id,
            project_id=project_id,
            typed=body.text,
            telegram_id=body.telegram_id,
            now=now,
        ),
    )


@router.post("/codes/known")
async def known_code(account_id: UUID, project_id: UUID, body: TypedCode, state: StateDep, now: NowDep) -> KnownCode:
    """Whether a text in the chat is an imported code."""
    member = Member(account_id, project_id, body.telegram_id)
    return KnownCode(known=await is_known(state.throttle, state.database, member, typed=body.text, now=now))


@router.get("/members/{telegram_id}")
async def view_member(account_id: UUID, project_id: UUID, telegram_id: int, session: SessionDep, now: NowDep) -> MemberView:
    """The plans on offer and the member's running memberships."""
    return await member_view(session, account_id=account_id, project_id=project_id, telegram_id=telegram_id, now=now)
