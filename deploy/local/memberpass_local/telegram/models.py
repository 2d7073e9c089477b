"""What the sandbox Telegram knows: bots, people, chats, messages, files, groups. Plain values; `world.py` keeps them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Stored(BaseModel):
    """A value that goes into the journal and comes back the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entity(Stored):
    """A Bot API `MessageEntity`; offset and length in UTF-16 code units."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    offset: int = Field(ge=0)
    length: int = Field(ge=0)
    url: str | None = None
    language: str | None = None
    custom_emoji_id: str | None = None


class Person(Stored):
    """A Telegram user."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str = "en"


class Command(Stored):
    """A line of a bot's command menu."""

    command: str
    description: str


class Webhook(Stored):
    """Where a bot's updates go. `secret` is sent with each as X-Telegram-Bot-Api-Secret-Token."""

    url: str
    secret: str = ""
    max_connections: int = 40
    ip_address: str | None = None


class Bot(Stored):
    """A bot and what it has set about itself. `commands` and texts are keyed by scope and language."""

    id: int
    token: str
    username: str
    name: str
    texts: dict[str, str] = Field(default_factory=dict)
    commands: dict[str, list[Command]] = Field(default_factory=dict)
    webhook: Webhook | None = None
    allowed_updates: list[str] = Field(default_factory=list)


class StoredFile(Stored):
    """A file a bot has sent. Its bytes are the file store's; `path` is its name there and in `getFile`."""

    file_id: str
    unique_id: str
    bot_id: int
    kind: Literal["document", "photo"]
    name: str
    mime_type: str
    size: int
    path: str
    width: int = 0
    height: int = 0


class Button(Stored):
    """A button under a message: exactly one of the optional fields is set."""

    text: str
    callback_data: str | None = None
    url: str | None = None
    copy_text: str | None = None
    web_app: str | None = None


class ReplyKeyboard(Stored):
    """What takes the place of a person's keyboard until another one comes or it is removed."""

    kind: Literal["keyboard", "remove", "force_reply"]
    rows: list[list[str]] = Field(default_factory=list)
    one_time: bool = False
    placeholder: str | None = None


class Alert(Stored):
    """The popup that answered the last press of a button under a message."""

    text: str
    show_alert: bool = False


class Message(Stored):
    """A message of a private chat or a group, as both sides know it. Times are Unix seconds."""

    message_id: int
    sender_id: int
    from_bot: bool
    date: int
    edit_date: int | None = None
    text: str = ""
    entities: list[Entity] = Field(default_factory=list)
    file: StoredFile | None = None
    buttons: list[list[Button]] = Field(default_factory=list)
    keyboard: ReplyKeyboard | None = None
    reply_to: int | None = None
    alert: Alert | None = None


class Group(Stored):
    """A private supergroup with one bot as its administrator."""

    id: int
    bot_id: int
    title: str
    members: list[int] = Field(default_factory=list)
    banned: list[int] = Field(default_factory=list)


class InviteLink(Stored):
    """A link into a group. `member_limit` 1 makes it good for one person; `expire_date` in Unix seconds."""

    link: str
    group_id: int
    name: str | None = None
    member_limit: int | None = None
    expire_date: int | None = None
    revoked: bool = False
    used_by: list[int] = Field(default_factory=list)


class CallbackQuery(Stored):
    """A press that waits for its answer. `at` is in Unix seconds of the machine."""

    id: str
    bot_id: int
    chat_id: int
    message_id: int
    at: float
    answered: bool = False
