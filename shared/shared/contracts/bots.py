"""Between codes-api, which knows which bots there are, and bot-gateway, which talks through them."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field, SecretStr, field_serializer

from shared.contracts.accounts import Branding
from shared.contracts.base import Json, WireModel


class IdentifyBot(WireModel):
    """A token to be checked with getMe before it is kept: whatever was typed."""

    token: str


class BotIdentity(WireModel):
    """Who a token belongs to, by Telegram's own word."""

    bot_id: int
    username: str


class ConnectedBot(WireModel):
    """One bot that the gateway must listen to. Carries its token: internal only, never logged."""

    bot_id: int
    username: str
    token: SecretStr
    webhook_secret: SecretStr
    account_id: UUID
    project_id: UUID
    project_name: str
    branding: Branding
    owner_chat_id: int | None
    has_chats: bool = False
    """Whether the project names private chats (`rules.md` T5)."""

    @field_serializer("token", "webhook_secret", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class ConnectedBots(WireModel):
    """Answer of `GET /internal/bots`."""

    data: list[ConnectedBot]


class BotSync(WireModel):
    """Answer of the gateway's sync call: whether it listens to the bot now."""

    bot_id: int
    listening: bool


class LinkOwnerChat(WireModel):
    """A person opened the owner link in the bot: `/start owner_<link_token>`."""

    link_token: str = Field(min_length=1, max_length=64)
    chat_id: int


class OwnerChatLinked(WireModel):
    """The creator's chat is known now; `waiting_batches` start to be delivered."""

    project_id: UUID
    project_name: str
    waiting_batches: int


class NoticeKind(StrEnum):
    """What a creator is told by their bot. The wording is the gateway's (`texts.py`)."""

    LIFETIME_LIMIT_REACHED = "lifetime_limit_reached"
    MANY_WRONG_GUESSES = "many_wrong_guesses"
    BATCH_FAILED = "batch_failed"
    WEBHOOK_DISABLED = "webhook_disabled"
    CHAT_RIGHTS_MISSING = "chat_rights_missing"
    ACCOUNT_OVERDUE = "account_overdue"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_RECOVERED = "account_recovered"
    ACCOUNT_DELETION = "account_deletion"


class SendNotice(WireModel):
    """jobs asks bot-gateway to tell a project's creator something."""

    account_id: UUID
    project_id: UUID
    kind: NoticeKind
    params: Json = Field(default_factory=dict)


class TellCreator(WireModel):
    """A notice for a creator, whichever of their bots can bring it; told once for each `event_id`."""

    event_id: UUID
    kind: NoticeKind
    params: Json = Field(default_factory=dict)
