"""/v1/projects."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from pydantic import Field
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.pages import InvalidCursorError, Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of

from codes_api.api.deps import CreatorDep, NowDep, SessionDep
from codes_api.api.docs import post_problems, read_problems, write_problems
from codes_api.api.fields import DEFAULT_LIMIT, Cursor, Id, Limit, ProjectId, ShortText
from codes_api.projects.archive import archive_project
from codes_api.projects.create import create_project
from codes_api.projects.errors import ProjectArchivedError, ProjectLimitReachedError
from codes_api.projects.find import ProjectWithBot, get_project_with_bot
from codes_api.projects.list import list_projects
from codes_api.projects.rename import rename_project

router = APIRouter(prefix="/v1/projects", tags=["Projects"], route_class=IdempotentRoute)


class ProjectName(WireModel):
    """What a project is called."""

    name: ShortText = Field(examples=["Alpine Photography Club"])


class ProjectBot(WireModel):
    """The bot of a project. Its token is never shown."""

    bot_id: int = Field(examples=[7234567890])
    username: str = Field(examples=["alpine_club_bot"])
    owner_chat_linked: bool = Field(
        description="Whether you have opened the owner link: batches can be delivered then.", examples=[True]
    )


class ProjectOut(WireModel):
    """One community of yours."""

    id: Id
    name: str = Field(examples=["Alpine Photography Club"])
    bot: ProjectBot | None = Field(description="Null: none is connected.")
    access_codes_enabled: bool = Field(description="Whether access codes are a payment method here.", examples=[True])
    created_at: UtcDatetime
    archived_at: UtcDatetime | None = Field(description="Null: active.", examples=[None])


def project_out(found: ProjectWithBot) -> ProjectOut:
    """A project on the wire."""
    project, bot = found.project, found.bot
    shown = None
    if bot is not None:
        shown = ProjectBot(bot_id=bot.bot_id, username=bot.username, owner_chat_linked=bot.owner_chat_id is not None)
    return ProjectOut(
        id=project.id,
        name=project.name,
        bot=shown,
        access_codes_enabled=project.access_codes_enabled,
        created_at=project.created_at,
        archived_at=project.archived_at,
    )


@router.post(
    "",
    summary="Make a project",
    status_code=status.HTTP_201_CREATED,
    responses=post_problems(ProjectLimitReachedError),
)
async def create(request: Request, asker: CreatorDep, body: ProjectName, session: SessionDep, now: NowDep) -> ProjectOut:
    """Your plan's project limit counts active projects; `project_limit_reached` names `used` and `limit`."""
    project = await create_project(
        session, account_id=asker.account_id, project_id=resource_id_of(request), name=body.name, now=now
    )
    return project_out(ProjectWithBot(project, None))


@router.get("", summary="List projects", responses=read_problems(InvalidCursorError))
async def list_(
    asker: CreatorDep,
    session: SessionDep,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    archived: Annotated[bool, Query(description="Those that are archived, instead of the active ones.")] = False,  # noqa: FBT002
) -> Page[ProjectOut]:
    """Newest first."""
    found, next_cursor = await list_projects(session, account_id=asker.account_id, archived=archived, limit=limit, cursor=cursor)
    return Page[ProjectOut](data=[project_out(one) for one in found], next_cursor=next_cursor)


@router.get("/{project_id}", summary="Look at a project", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, asker: CreatorDep, session: SessionDep) -> ProjectOut:
    """An archived project can still be read."""
    return project_out(await get_project_with_bot(session, account_id=asker.account_id, project_id=project_id))


@router.patch("/{project_id}", summary="Rename a project", responses=write_problems(ProjectArchivedError))
async def rename(project_id: ProjectId, asker: CreatorDep, body: ProjectName, session: SessionDep, now: NowDep) -> ProjectOut:
    """The bot uses the new name from now on."""
    found = await rename_project(session, account_id=asker.account_id, project_id=project_id, name=body.name, now=now)
    return project_out(found)


@router.delete("/{project_id}", summary="Archive a project", status_code=status.HTTP_204_NO_CONTENT, responses=write_problems())
async def archive(project_id: ProjectId, asker: CreatorDep, session: SessionDep, now: NowDep) -> None:
    """It counts against no limit any more and its bot is disconnected; its codes and members stay readable."""
    await archive_project(session, account_id=asker.account_id, project_id=project_id, now=now)
