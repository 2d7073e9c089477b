"""All that the sandbox Telegram knows, in memory, each change also in the journal.

Reads are plain look-ups. Each change is one method that changes the memory and appends the record it can be replayed
from; both happen without an await between them, so that no request sees half of one.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from shared.contracts.base import Json

from memberpass_local.telegram.journal import Journal, JournalDamagedError
from memberpass_local.telegram.models import Bot, CallbackQuery, Group, InviteLink, Message, Person, StoredFile
from memberpass_local.telegram.people.names import default_name
from memberpass_local.telegram.updates import Update, UpdateQueue

_FIRST_UPDATE_ID = 100_000_000


class Chat:
    """One person's private chat with one bot (or a group, as its bot sees it)."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.blocked = False

    def last(self) -> Message | None:
        """The newest message."""
        return next(reversed(self.messages.values()), None)


class World:
    """Bots, people, chats, groups and files of one sandbox."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.bots: dict[int, Bot] = {}
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.links: dict[str, InviteLink] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.files: dict[str, StoredFile] = {}
        self._chats: dict[tuple[int, int], Chat] = {}
        self._queues: dict[int, UpdateQueue] = {}
        self._message_ids: dict[int, int] = {}

    def load(self) -> None:
        """Replay the journal, then begin to write it."""
        for record in self._journal.replay():
            self._replay(record)
        self._journal.open()

    def end_polls(self) -> None:
        """Let every waiting getUpdates call return with nothing."""
        for queue in self._queues.values():
            queue.end_poll(None)

    def close(self) -> None:
        """Stop writing the journal."""
        self._journal.close()

    # Look-ups

    def bot_by_token(self, token: str) -> Bot | None:
        """The bot that a token belongs to."""
        head = token.partition(":")[0]
        bot = self.bots.get(int(head)) if head.isascii() and head.isdigit() else None
        return bot if bot is not None and bot.token == token else None

    def bot_by_name(self, name: str) -> Bot | None:
        """A bot by its username (with or without @, in any case) or its numeric id."""
        if name.isascii() and name.isdigit():
            return self.bots.get(int(name))
        wanted = name.removeprefix("@").lower()
        return next((bot for bot in self.bots.values() if bot.username.lower() == wanted), None)

    def person(self, user_id: int) -> Person:
        """A person; one that never showed up gets a name of their own."""
        return self.people.get(user_id) or Person(id=user_id, first_name=default_name(user_id))

    def chat(self, bot_id: int, chat_id: int) -> Chat | None:
        """The chat, if it was ever begun."""
        return self._chats.get((bot_id, chat_id))

    def chats_of(self, bot_id: int) -> Iterator[tuple[int, Chat]]:
        """A bot's chats by the other side's id."""
        return ((chat_id, chat) for (owner, chat_id), chat in self._chats.items() if owner == bot_id)

    def queue(self, bot_id: int) -> UpdateQueue:
        """The bot's unconfirmed updates."""
        return self._queues.setdefault(bot_id, UpdateQueue(_FIRST_UPDATE_ID + bot_id % 1_000_000))

    def next_message_id(self, bot_id: int) -> int:
        """The id of the next message on the bot's account: one sequence over all its chats, as in real private chats."""
        return self._message_ids.get(bot_id, 0) + 1

    # Changes

    def save_bot(self, bot: Bot) -> Bot:
        """Keep a new or changed bot."""
        self.bots[bot.id] = bot
        self._record("bot", data=bot)
        return bot

    def save_person(self, person: Person) -> Person:
        """Keep a new or changed person."""
        self.people[person.id] = person
        self._record("person", data=person)
        return person

    def save_message(self, bot_id: int, chat_id: int, message: Message) -> Message:
        """Keep a new or edited message."""
        chat = self._chats.setdefault((bot_id, chat_id), Chat())
        chat.messages[message.message_id] = message
        self._message_ids[bot_id] = max(self._message_ids.get(bot_id, 0), message.message_id)
        self._record("message", bot=bot_id, chat=chat_id, data=message)
        return message

    def delete_message(self, bot_id: int, chat_id: int, message_id: int) -> None:
        """Forget a message."""
        chat = self._chats.get((bot_id, chat_id))
        if chat is not None and chat.messages.pop(message_id, None) is not None:
            self._record("message_deleted", bot=bot_id, chat=chat_id, message=message_id)

    def set_blocked(self, bot_id: int, chat_id: int, *, blocked: bool) -> None:
        """The person stops (or lets again) the bot from writing to them."""
        self._chats.setdefault((bot_id, chat_id), Chat()).blocked = blocked
        self._record("blocked", bot=bot_id, chat=chat_id, blocked=blocked)

    def save_query(self, query: CallbackQuery) -> None:
        """Keep a press or that it was answered."""
        self.queries[query.id] = query
        self._record("query", data=query)

    def save_file(self, file: StoredFile) -> None:
        """Keep what a file is; its bytes are in the file store."""
        self.files[file.file_id] = file
        self._record("file", data=file)

    def save_group(self, group: Group) -> Group:
        """Keep a new or changed group."""
        self.groups[group.id] = group
        self._record("group", data=group)
        return group

    def save_link(self, link: InviteLink) -> InviteLink:
        """Keep a new or used invite link."""
        self.links[link.link] = link
        self._record("link", data=link)
        return link

    def push_update(self, bot_id: int, kind: str, payload: Json) -> Update:
        """A new update for a bot."""
        queue = self.queue(bot_id)
        update = Update(queue.next_id, kind, payload)
        self._record("update", bot=bot_id, id=update.update_id, kind=kind, payload=payload)
        queue.push(update)
        return update

    def confirm_updates(self, bot_id: int, before: int) -> None:
        """The bot has all updates with an id below `before`."""
        queue = self.queue(bot_id)
        if queue.pending and queue.pending[0].update_id < before:
            queue.forget_before(before)
            self._record("confirmed", bot=bot_id, before=before)

    def _record(self, operation: str, **fields: Any) -> None:
        plain = {
            name: value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
            for name, value in fields.items()
        }
        self._journal.append({"op": operation, **plain})

    def _replay(self, record: Json) -> None:
        """Make the change again that a record tells of; `_record` drops what the journal knows already."""
        match record:
            case {"op": "message", "bot": bot, "chat": chat, "data": data}:
                self.save_message(bot, chat, Message.model_validate(data))
            case {"op": "message_deleted", "bot": bot, "chat": chat, "message": message}:
                self.delete_message(bot, chat, message)
            case {"op": "blocked", "bot": bot, "chat": chat, "blocked": blocked}:
                self.set_blocked(bot, chat, blocked=blocked)
            case {"op": "update", "bot": bot, "id": update_id, "kind": kind, "payload": payload}:
                self.queue(bot).push(Update(update_id, kind, payload))
            case {"op": "confirmed", "bot": bot, "before": before}:
                self.queue(bot).forget_before(before)
            case {"op": operation, "data": data}:
                self._replay_value(operation, data)
            case _:
                raise JournalDamagedError(f"the journal has an unknown record: {record.get('op')}")

    def _replay_value(self, operation: str, data: Json) -> None:
        match operation:
            case "bot":
                self.save_bot(Bot.model_validate(data))
            case "person":
                self.save_person(Person.model_validate(data))
            case "query":
                self.save_query(CallbackQuery.model_validate(data))
            case "file":
                self.save_file(StoredFile.model_validate(data))
            case "group":
                self.save_group(Group.model_validate(data))
            case "link":
                self.save_link(InviteLink.model_validate(data))
            case _:
                raise JournalDamagedError(f"the journal has an unknown record: {operation}")
