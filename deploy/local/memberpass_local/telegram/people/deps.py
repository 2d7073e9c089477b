"""What the people's routes have in common."""

from typing import Annotated

from fastapi import Depends, Path, Request

from memberpass_local.telegram.models import Bot
from memberpass_local.telegram.people.errors import BotNotFoundError
from memberpass_local.telegram.people.forms import LARGEST_USER_ID
from memberpass_local.telegram.sandbox import Sandbox, sandbox_of

SandboxDep = Annotated[Sandbox, Depends(sandbox_of)]
UserIdPath = Annotated[int, Path(ge=1, le=LARGEST_USER_ID, description="the person's Telegram id")]


def find_bot(sandbox: Sandbox, name: str) -> Bot:
    """A bot by username (with or without @) or id.

    Raises:
        BotNotFoundError: there is none.
    """
    found = sandbox.world.bot_by_name(name)
    if found is None:
        raise BotNotFoundError(f"There is no bot {name!r}. Make one with POST /sandbox/bots.")
    return found


def bot_of_path(bot: Annotated[str, Path(description="the bot's username or id")], sandbox: SandboxDep) -> Bot:
    """FastAPI dependency: the bot that the path names."""
    return find_bot(sandbox, bot)


def base_url(request: Request) -> str:
    """FastAPI dependency: the address this server was asked at."""
    return str(request.base_url)


BotDep = Annotated[Bot, Depends(bot_of_path)]
BaseUrl = Annotated[str, Depends(base_url)]
