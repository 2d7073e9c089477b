"""Who may be in which chats, for bot-gateway, which lets them in and out."""

from uuid import UUID

from fastapi import APIRouter
from shared.clients.base import Done
from shared.contracts.chats import Departed, Departure, EndingMembership, InviteLink, KeepInvite, MemberChats

from codes_api.api.deps import NowDep, ServiceOnly, SessionDep
from codes_api.chats.departure import departed, departure, ending_membership
from codes_api.chats.invites import keep_invite, member_chats
from codes_api.chats.trouble import report_trouble

router = APIRouter(prefix="/internal/projects/{account_id}/{project_id}", dependencies=[ServiceOnly], include_in_schema=False)


@router.get("/members/{telegram_id}/chats")
async def chats_of_member(account_id: UUID, project_id: UUID, telegram_id: int, session: SessionDep, now: NowDep) -> MemberChats:
    """The chats a member may be in now."""
    return await member_chats(session, account_id=account_id, project_id=project_id, telegram_id=telegram_id, now=now)


@router.put("/members/{telegram_id}/chats/{chat_id}/invite")
async def invite(
    *, account_id: UUID, project_id: UUID, telegram_id: int, chat_id: int, body: KeepInvite, session: SessionDep, now: NowDep
) -> InviteLink:
    """A link was made for a member; the one that counts."""
    return await keep_invite(
        session,
        account_id=account_id,
        project_id=project_id,
        telegram_id=telegram_id,
        chat_id=chat_id,
        invite=body.invite,
        instead_of=body.instead_of,
        now=now,
    )


@router.post("/chats/{chat_id}/trouble")
async def trouble(account_id: UUID, project_id: UUID, chat_id: int, session: SessionDep, now: NowDep) -> Done:
    """The bot's rights are missing there."""
    await report_trouble(session, account_id=account_id, project_id=project_id, chat_id=chat_id, now=now)
    return Done()


@router.get("/memberships/{membership_id}/departure")
async def look_at_departure(
    account_id: UUID, project_id: UUID, membership_id: UUID, session: SessionDep, now: NowDep
) -> Departure:
    """Has the member to leave?"""
    return await departure(session, account_id=account_id, project_id=project_id, membership_id=membership_id, now=now)


@router.post("/memberships/{membership_id}/departure")
async def has_departed(
    account_id: UUID, project_id: UUID, membership_id: UUID, body: Departed, session: SessionDep, now: NowDep
) -> Departure:
    """They have left."""
    return await departed(
        session, account_id=account_id, project_id=project_id, membership_id=membership_id, links=body.links, now=now
    )


@router.get("/memberships/{membership_id}/end")
async def end(account_id: UUID, project_id: UUID, membership_id: UUID, session: SessionDep, now: NowDep) -> EndingMembership:
    """When it ends, if it still runs."""
    return await ending_membership(session, account_id=account_id, project_id=project_id, membership_id=membership_id, now=now)
