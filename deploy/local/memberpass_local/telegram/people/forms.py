"""What the people's side takes and gives. Unknown fields are refused."""

from typing import Annotated

from pydantic import Field, StringConstraints
from shared.contracts.base import WireModel

from memberpass_local.telegram.limits import Failure, Pace
from memberpass_local.telegram.models import Command, Entity

LARGEST_USER_ID = 2**52 - 1

Username = Annotated[str, StringConstraints(pattern=r"^@?[A-Za-z][A-Za-z0-9_]{1,28}[Bb][Oo][Tt]$", min_length=5, max_length=33)]
ShortName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
UserId = Annotated[int, Field(ge=1, le=LARGEST_USER_ID)]


class NewBot(WireModel):
    """A bot to be made, as with BotFather."""

    username: Username = Field(
        description="5 to 32 letters, digits and underscores; begins with a letter, ends in `bot`", examples=["northwind_bot"]
    )
    name: ShortName | None = Field(default=None, description="what chats show; the username if not given")


class MadeBot(WireModel):
    """A new bot. The token is what a creator pastes into their project."""

    id: int
    token: str
    username: str
    name: str


class BotCard(WireModel):
    """A bot as people see it."""

    id: int
    username: str
    name: str
    description: str
    short_description: str
    commands: list[Command]


class BotCards(WireModel):
    """All bots."""

    bots: list[BotCard]


class BotDetails(BotCard):
    """A bot as its owner sees it: with its token and how it gets its updates."""

    token: str
    webhook_url: str | None
    pending_updates: int
    last_error: str | None


class NewMessage(WireModel):
    """What a person types. `/start payload` is what opening `t.me/bot?start=payload` sends."""

    text: str = Field(max_length=4096, examples=["/start"])
    reply_to_message_id: int | None = None


class Press(WireModel):
    """A button under a message."""

    message_id: int
    callback_data: str = Field(min_length=1, max_length=64)


class Block(WireModel):
    """Whether the person has stopped the bot."""

    blocked: bool


class SeenDocument(WireModel):
    """A file under a message; `url` can be fetched as it stands."""

    file_name: str
    url: str
    size: int
    mime_type: str


class SeenPhoto(WireModel):
    """A picture in a message."""

    url: str
    width: int
    height: int


class SeenButton(WireModel):
    """A button: one of the optional fields says what it does."""

    text: str
    callback_data: str | None = None
    url: str | None = None
    copy_text: str | None = None
    web_app: str | None = None


class SeenKeyboard(WireModel):
    """What the message does to the person's keyboard: `keyboard`, `remove` or `force_reply`."""

    kind: str
    rows: list[list[str]]
    one_time: bool
    placeholder: str | None


class SeenAlert(WireModel):
    """The last popup that a button of this message has brought."""

    text: str
    show_alert: bool


class SeenMessage(WireModel):
    """A message as the member sees it: the visible text, without markup. Entities count UTF-16 code units."""

    message_id: int
    from_bot: bool
    text: str
    document: SeenDocument | None
    buttons: list[list[SeenButton]]
    entities: list[Entity]
    photo: SeenPhoto | None
    date: int
    edit_date: int | None
    keyboard: SeenKeyboard | None
    reply_to_message_id: int | None
    alert: SeenAlert | None


class SeenMessages(WireModel):
    """A chat, oldest first."""

    messages: list[SeenMessage]
    blocked: bool


class Pressed(WireModel):
    """The press is on its way to the bot."""

    callback_query_id: str
    update_id: int | None


class ChatCard(WireModel):
    """One chat of a bot or of a person, with its last message."""

    bot_id: int
    bot_username: str
    user_id: int
    first_name: str
    messages: int
    blocked: bool
    last_message: SeenMessage | None


class ChatCards(WireModel):
    """Chats, the newest first."""

    chats: list[ChatCard]


class Profile(WireModel):
    """Who a person is; what is not given is taken away."""

    first_name: ShortName
    last_name: ShortName | None = None
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{3,31}$")] | None = None
    language_code: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]+)?$")] = "en"


class PersonCard(Profile):
    """A person."""

    id: int


class PersonCards(WireModel):
    """All people that have shown up."""

    users: list[PersonCard]


class NewGroup(WireModel):
    """A private group whose administrator is a bot."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
    bot: str = Field(description="the bot's username or id")


class GroupCard(WireModel):
    """A group. `chat_id` is what a bot calls it by."""

    chat_id: int
    title: str
    bot_username: str
    members: list[int]
    banned: list[int]


class GroupCards(WireModel):
    """All groups."""

    groups: list[GroupCard]


class Join(WireModel):
    """A person opens an invite link."""

    user_id: UserId
    invite_link: str


class SettingsForm(WireModel):
    """What to change; what is left out stays. `fail_next` replaces the failures made to order."""

    limits: Pace | None = None
    fail_next: list[Failure] | None = Field(default=None, max_length=100)
    webhook_first_pause_seconds: float | None = Field(default=None, gt=0, le=3600)
    webhook_longest_pause_seconds: float | None = Field(default=None, gt=0, le=3600)


class SettingsCard(WireModel):
    """The settings in force and the failures not used up yet."""

    limits: Pace
    fail_next: list[Failure]
    webhook_first_pause_seconds: float
    webhook_longest_pause_seconds: float
