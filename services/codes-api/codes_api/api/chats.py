"""/v1/projects/{p}/chats: the private groups and channels of a project."""

from typing import Annotated

from fastapi import APIRouter, status
from pydantic import BeforeValidator, Field, StrictInt
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.chats import CheckChat
from shared.contracts.pages import Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute
from shared.path_ids import path_id

from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import post_problems, read_problems, write_problems
from codes_api.api.fields import ProjectId, ShortText
from codes_api.chats.errors import (
    ChatLimitReachedError,
    ChatNotFoundError,
    ChatNotSupportedError,
    ChatRightsMissingError,
    ChatTakenError,
)
from codes_api.chats.find import list_chats
from codes_api.chats.models import ProjectChat
from codes_api.chats.name import check_naming, drop_chat, name_chat
from codes_api.codes.batch_errors import BotNotConnectedError
from codes_api.projects.errors import ProjectArchivedError

router = APIRouter(prefix="/v1/projects/{project_id}/chats", tags=["Private chats"], route_class=IdempotentRoute)

_EXAMPLE = -1001234567890
_LOWEST = -(2**52)


def _number(value: object) -> object:
    """A chat that is no number names nothing, like any other that does not exist."""
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError as error:
            raise NotFoundError("The project names no such chat.") from error
        if not _LOWEST <= number < 0:
            raise NotFoundError("The project names no such chat.")
        return number
    return value


ChatPath = Annotated[int, BeforeValidator(_number), path_id("The chat, as Telegram numbers it.", str(_EXAMPLE))]


class NamedChat(WireModel):
    """A chat that your members are to be let into."""

    chat_id: StrictInt = Field(
        ge=_LOWEST,
        lt=0,
        description="A private supergroup or channel, as Telegram numbers it; it begins with -100. Bots such as "
        "@getidsbot show it. Your bot must be an administrator there who may invite people and ban them.",
        examples=[_EXAMPLE],
    )
    title: ShortText | None = Field(
        default=None, description="On the member's button. Left out: the chat's own.", examples=["Gold lounge"]
    )


class ChatOut(WireModel):
    """A chat of the project."""

    chat_id: int = Field(examples=[_EXAMPLE])
    title: str = Field(examples=["Gold lounge"])
    named_at: UtcDatetime
    trouble_since: UtcDatetime | None = Field(
        description="Since then your bot can't invite or remove there. Give it its rights back and name the chat again.",
        examples=[None],
    )


def chat_out(chat: ProjectChat) -> ChatOut:
    """A chat on the wire."""
    return ChatOut.model_validate(chat)


@router.post(
    "",
    summary="Name a private chat",
    status_code=status.HTTP_201_CREATED,
    responses=post_problems(
        ChatNotFoundError,
        ChatNotSupportedError,
        ChatRightsMissingError,
        ChatTakenError,
        ChatLimitReachedError,
        BotNotConnectedError,
        ProjectArchivedError,
    ),
)
async def name(
    project_id: ProjectId, asker: CreatorDep, body: NamedChat, state: StateDep, session: SessionDep, now: NowDep
) -> ChatOut:
    """Telegram is asked whether your bot may invite people and ban them there. From then on whoever redeems a code gets a link
    into the chat that works once, and whoever's last membership in the project ends is removed; they may come back with
    another code. Who is in already is left alone. Naming it again checks it again and takes over the title. At most 20 a
    project."""
    place = {"account_id": asker.account_id, "project_id": project_id}
    async with state.database.transaction() as reading:
        await check_naming(reading, account_id=asker.account_id, project_id=project_id, chat_id=body.chat_id)
    checked = await state.gateway.check_chat(CheckChat(**place, chat_id=body.chat_id))
    chat = await name_chat(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        chat_id=checked.chat_id,
        title=body.title or checked.title,
        now=now,
    )
    return chat_out(chat)


@router.get("", summary="List private chats", responses=read_problems(NotFoundError))
async def list_(project_id: ProjectId, asker: CreatorDep, session: SessionDep) -> Page[ChatOut]:
    """All of them on one page, newest first."""
    chats = await list_chats(session, account_id=asker.account_id, project_id=project_id)
    return Page[ChatOut](data=[chat_out(chat) for chat in chats])


@router.delete(
    "/{chat_id}", summary="Take a private chat back", status_code=status.HTTP_204_NO_CONTENT, responses=write_problems()
)
async def drop(project_id: ProjectId, chat_id: ChatPath, asker: CreatorDep, session: SessionDep, now: NowDep) -> None:
    """Nobody is let in or removed there by us any more. Who is in stays in; links that were not used yet die within a day."""
    await drop_chat(session, account_id=asker.account_id, project_id=project_id, chat_id=chat_id, now=now)
