"""What the people's side refuses."""

from http import HTTPStatus

from shared.errors import AppError, NotFoundError


class BotNotFoundError(NotFoundError):
    """No bot has this username or id."""

    code = "bot_not_found"
    title = "There is no such bot"


class MessageNotFoundError(NotFoundError):
    """The chat has no such message."""

    code = "message_not_found"
    title = "There is no such message"


class GroupNotFoundError(NotFoundError):
    """There is no such group, or the invite link leads nowhere."""

    code = "group_not_found"
    title = "There is no such group"


class UsernameTakenError(AppError):
    """Usernames are unique, whatever their case."""

    status = HTTPStatus.CONFLICT
    code = "username_taken"
    title = "The username is taken"


class ButtonNotThereError(AppError):
    """Only a button that the member sees can be pressed."""

    status = HTTPStatus.CONFLICT
    code = "button_not_there"
    title = "The message has no such button"


class BotBlockedError(AppError):
    """A person who blocked a bot restarts it (`/start`) before they write to it again."""

    status = HTTPStatus.CONFLICT
    code = "bot_blocked"
    title = "The person has blocked this bot"


class InviteRefusedError(AppError):
    """The link is used up, expired or revoked, or the person is banned."""

    status = HTTPStatus.CONFLICT
    code = "invite_refused"
    title = "The invite link does not let this person in"
