"""/v1/projects/{p}/chats: the private chats that memberships lead into."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from shared.contracts.base import WireModel
from shared.contracts.bots import CheckChats, ProjectChat
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute

from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import read_problems, write_problems
from codes_api.api.fields import ProjectId
from codes_api.codes.batch_errors import BotNotConnectedError
from codes_api.projects.errors import ChatNotUsableError, ProjectArchivedError
from codes_api.projects.find import get_active_project, get_project
from codes_api.projects.set_chats import MAX_CHATS, set_chats

router = APIRouter(prefix="/v1/projects/{project_id}/chats", tags=["Bots"], route_class=IdempotentRoute)


def _once(value: list[int]) -> list[int]:
    if len(set(value)) < len(value):
        msg = "must not name a chat twice"
        raise ValueError(msg)
    return value


# Groups and channels have negative ids, of at most 52 bits.
ChatId = Annotated[int, Field(strict=True, ge=-(2**52), lt=0, examples=[-1001234567890])]
ChatIds = Annotated[list[ChatId], Field(max_length=MAX_CHATS), AfterValidator(_once)]


class ChatsRequest(WireModel):
    """The chats by Telegram's ids of them."""

    chat_ids: ChatIds = Field(description="All of them, in the order in which members see them. Empty: none.")


class ChatOut(WireModel):
    """A group or a channel."""

    chat_id: int = Field(examples=[-1001234567890])
    title: str = Field(description="As Telegram had it when the chat was named.", examples=["Alpine Photography: members"])


class ChatsOut(WireModel):
    """The project's private chats."""

    chats: list[ChatOut]


@router.put(
    "",
    summary="Name the private chats",
    responses=write_problems(ChatNotUsableError, BotNotConnectedError, ProjectArchivedError),
)
async def put(
    project_id: ProjectId, asker: CreatorDep, body: ChatsRequest, state: StateDep, session: SessionDep, now: NowDep
) -> ChatsOut:
    """Make the project's bot an administrator there first, with the rights to invite and to ban. Who redeems a code then
    gets a single-use invite link into each chat, and is removed when no membership of theirs runs any more."""
    async with state.database.transaction() as reading:
        await get_active_project(reading, account_id=asker.account_id, project_id=project_id)
    chats: list[ProjectChat] = []
    if body.chat_ids:
        asked = CheckChats(account_id=asker.account_id, project_id=project_id, chat_ids=body.chat_ids)
        chats = (await state.gateway.check_chats(asked)).data
    await set_chats(session, account_id=asker.account_id, project_id=project_id, chats=chats, now=now)
    return ChatsOut(chats=[ChatOut.model_validate(chat) for chat in chats])


@router.get("", summary="Look at the private chats", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, asker: CreatorDep, session: SessionDep) -> ChatsOut:
    """None in a new project."""
    project = await get_project(session, account_id=asker.account_id, project_id=project_id)
    return ChatsOut(chats=[ChatOut.model_validate(chat) for chat in project.chats])
