"""The bots, for bot-gateway."""

from uuid import UUID

from fastapi import APIRouter
from shared.contracts.bots import ConnectedBot, ConnectedBots, LinkOwnerChat, OwnerChatLinked

from codes_api.api.deps import NowDep, ServiceOnly, SessionDep, StateDep
from codes_api.projects.bots import connected_bot, connected_bots, project_bot
from codes_api.projects.owner_chat import link_owner_chat

router = APIRouter(prefix="/internal", dependencies=[ServiceOnly], include_in_schema=False)


@router.get("/bots")
async def every_bot(state: StateDep, session: SessionDep) -> ConnectedBots:
    """All that must be listened to."""
    return ConnectedBots(data=list(await connected_bots(session, sealer=state.sealer)))


@router.get("/bots/{bot_id}")
async def one_bot(bot_id: int, state: StateDep, session: SessionDep) -> ConnectedBot:
    """One of them."""
    return await connected_bot(session, bot_id=bot_id, sealer=state.sealer)


@router.get("/projects/{account_id}/{project_id}/bot")
async def bot_of_project(account_id: UUID, project_id: UUID, state: StateDep, session: SessionDep) -> ConnectedBot:
    """A project's."""
    return await project_bot(session, account_id=account_id, project_id=project_id, sealer=state.sealer)


@router.post("/projects/{account_id}/{project_id}/owner-chat")
async def link_chat(account_id: UUID, project_id: UUID, body: LinkOwnerChat, session: SessionDep, now: NowDep) -> OwnerChatLinked:
    """The creator opened the owner link."""
    return await link_owner_chat(
        session,
        account_id=account_id,
        project_id=project_id,
        link_token=body.link_token,
        chat_id=body.chat_id,
        now=now,
    )
