"""Refusals around projects and their bots."""

from http import HTTPStatus
from types import MappingProxyType

from shared.errors import AppError, FieldError


class ProjectLimitReachedError(AppError):
    """The plan allows no further active project (`rules.md` B1)."""

    status = HTTPStatus.CONFLICT
    code = "project_limit_reached"
    title = "The plan's project limit is reached"
    shown = MappingProxyType({"used": 3, "limit": 3})

    def __init__(self, used: int | None = None, limit: int | None = None) -> None:
        super().__init__(
            f"{used} of {limit} projects are in use. Archive one or change to a larger plan.",
            extensions={"used": used, "limit": limit},
        )


class ProjectArchivedError(AppError):
    """An archived project can be read, not changed."""

    status = HTTPStatus.CONFLICT
    code = "project_archived"
    title = "The project is archived"


class BotAlreadyConnectedError(AppError):
    """A bot serves one project only: an update names nothing but the bot."""

    status = HTTPStatus.CONFLICT
    code = "bot_already_connected"
    title = "The bot is connected to another project"


class BotTokenInvalidError(FieldError):
    """Telegram knows no bot with this token. Raised by bot-gateway and passed on; here for the docs."""

    code = "bot_token_invalid"
    title = "Telegram does not accept the bot token"


class OwnerLinkUnknownError(AppError):
    """The owner link was used by another chat, was replaced by a newer one, or never was."""

    status = HTTPStatus.NOT_FOUND
    code = "owner_link_unknown"
    title = "The owner link is not valid any more"
