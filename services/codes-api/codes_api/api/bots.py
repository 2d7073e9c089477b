"""/v1/projects/{p}/bot."""

from typing import Annotated

from fastapi import APIRouter, status
from pydantic import AfterValidator, Field, SecretStr
from shared.contracts.base import WireModel
from shared.contracts.bots import IdentifyBot
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute

from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import read_problems, write_problems
from codes_api.api.fields import ProjectId
from codes_api.api.projects import ProjectBot
from codes_api.projects.connect_bot import connect_bot
from codes_api.projects.disconnect_bot import disconnect_bot
from codes_api.projects.errors import BotAlreadyConnectedError, BotTokenInvalidError, ProjectArchivedError
from codes_api.projects.find import get_active_project, get_bot, get_project

router = APIRouter(prefix="/v1/projects/{project_id}/bot", tags=["Bots"], route_class=IdempotentRoute)


def _pasted(token: SecretStr) -> SecretStr:
    """Without the white space that was copied along; half a surrogate pair, which no request can carry on, made harmless."""
    return SecretStr(token.get_secret_value().strip().encode(errors="replace").decode())


class BotToken(WireModel):
    """What @BotFather gave you."""

    token: Annotated[SecretStr, AfterValidator(_pasted)] = Field(
        description="Any text that is no token Telegram knows is refused with `bot_token_invalid`.",
        examples=["7234567890:AAExampleExampleExampleExampleExam"],
    )


class ConnectedBotOut(WireModel):
    """The bot that answers in this project now."""

    bot_id: int = Field(examples=[7234567890])
    username: str = Field(examples=["alpine_club_bot"])
    owner_link: str = Field(
        description="Open it in Telegram to make your chat known to the bot: batches are delivered there. Works once, for "
        "the first chat that opens it; connect the bot again for a fresh one.",
        examples=["https://t.me/alpine_club_bot?start=owner_hV3nK0c2o3xWcQk0jv8mS1q9T7yZ4bLr"],
    )


@router.put(
    "",
    summary="Connect a bot",
    responses=write_problems(BotTokenInvalidError, BotAlreadyConnectedError, ProjectArchivedError),
)
async def connect(
    project_id: ProjectId, asker: CreatorDep, body: BotToken, state: StateDep, session: SessionDep, now: NowDep
) -> ConnectedBotOut:
    """Telegram is asked whose token it is. Connecting the same bot again takes over a new token, gives a fresh owner link
    and keeps your chat; another bot takes the place of the one before."""
    async with state.database.transaction() as reading:
        await get_active_project(reading, account_id=asker.account_id, project_id=project_id)
    identity = await state.gateway.identify_bot(IdentifyBot(token=body.token.get_secret_value()))
    connection = await connect_bot(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        token=body.token,
        identity=identity,
        sealer=state.sealer,
        now=now,
    )
    link = state.settings.owner_link_template.format(bot=connection.username, token=connection.link_token)
    return ConnectedBotOut(bot_id=connection.bot_id, username=connection.username, owner_link=link)


@router.get("", summary="Look at the connected bot", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, asker: CreatorDep, session: SessionDep) -> ProjectBot:
    """404 if none is connected."""
    await get_project(session, account_id=asker.account_id, project_id=project_id)
    bot = await get_bot(session, account_id=asker.account_id, project_id=project_id)
    if bot is None:
        raise NotFoundError("No bot is connected to this project.")
    return ProjectBot(bot_id=bot.bot_id, username=bot.username, owner_chat_linked=bot.owner_chat_id is not None)


@router.delete(
    "",
    summary="Disconnect the bot",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_problems(ProjectArchivedError),
)
async def disconnect(project_id: ProjectId, asker: CreatorDep, session: SessionDep, now: NowDep) -> None:
    """Its token is forgotten, and it stops to answer. Members can redeem again when a bot is connected."""
    await disconnect_bot(session, account_id=asker.account_id, project_id=project_id, now=now)
