"""Refusals around private chats. The first three are raised by bot-gateway, which asks Telegram, and passed on; here for
the docs."""

from http import HTTPStatus

from shared.errors import AppError, FieldError


class ChatNotFoundError(FieldError):
    """The project's bot is not in such a chat."""

    code = "chat_not_found"
    title = "The bot is not in this chat"


class ChatNotSupportedError(FieldError):
    """Telegram has no single-use links, or no removing, in a chat of this kind."""

    code = "chat_not_supported"
    title = "The chat is of a kind that can't be used"


class ChatRightsMissingError(FieldError):
    """The bot can't invite or remove people there."""

    code = "chat_rights_missing"
    title = "The bot lacks a right in this chat"


class ChatLimitReachedError(AppError):
    """A project names as many chats as it may."""

    status = HTTPStatus.CONFLICT
    code = "chat_limit_reached"
    title = "The project has as many chats as it may have"


class ChatTakenError(AppError):
    """Another project of the account names the chat."""

    status = HTTPStatus.CONFLICT
    code = "chat_taken"
    title = "The chat belongs to another project"
