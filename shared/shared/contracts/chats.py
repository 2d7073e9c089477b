"""Between codes-api, jobs and bot-gateway: a project's private chats (`rules.md` T5), who may be in them, who may not any more.

Invite links open a door: they are shown to their member only, and never logged.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.base import UtcDatetime, WireModel

ChatId = Annotated[int, Field(ge=-(2**52), lt=0, examples=[-1001234567890])]
"""A supergroup or channel, as Telegram numbers them."""

MAX_TITLE = 255
"""Of what is kept of a chat's title; Telegram's own limit is 128."""


class CheckChat(WireModel):
    """May the project's bot invite and remove people in this chat?"""

    account_id: UUID
    project_id: UUID
    chat_id: ChatId


class CheckedChat(WireModel):
    """It may. `title`: Telegram's."""

    chat_id: ChatId
    title: str


class InviteLink(WireModel):
    """A link that lets one person in, once, until then."""

    link: str = Field(max_length=255, repr=False)
    expires_at: UtcDatetime


class MemberChat(WireModel):
    """A chat of the project, and the link that was made for this member, whether it was used or not."""

    chat_id: ChatId
    title: str
    invite: InviteLink | None


class MemberChats(WireModel):
    """The chats that a member may be in now; none without a running membership. `invites_until`: how long a link that is
    made now is to be good."""

    data: list[MemberChat]
    invites_until: UtcDatetime


class KeepInvite(WireModel):
    """A link was made in the place of the one before. Of two made at the same time one is kept."""

    invite: InviteLink
    instead_of: str | None = Field(repr=False)


class MembershipRef(WireModel):
    """Names a membership between services."""

    account_id: UUID
    project_id: UUID
    membership_id: UUID


class Departure(WireModel):
    """A membership is over. `gone`: so is the member's stay, as no other membership of theirs runs in the project; then
    they are to leave `chats`."""

    telegram_id: int
    plan_name: str
    gone: bool
    chats: list[MemberChat]


class Departed(WireModel):
    """They were removed, and these links revoked."""

    links: list[str] = Field(repr=False)


class SendReminder(MembershipRef):
    """jobs asks bot-gateway to remind a member of this end."""

    ends_at: UtcDatetime


class EndingMembership(WireModel):
    """A membership that is running, with its present end (null: lifetime)."""

    telegram_id: int
    plan_name: str
    ends_at: UtcDatetime | None
    running: bool


class MemberTold(WireModel):
    """What became of telling a member something; false: nothing to tell, or nobody to tell it to."""

    told: bool
