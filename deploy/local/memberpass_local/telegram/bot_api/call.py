"""What a Bot API method gets and gives."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.contracts.base import Json

from memberpass_local.telegram.bot_api.arguments import Arguments
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Bot, Group
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.world import Chat

Result = bool | str | int | Json | list[Json]


@dataclass(frozen=True, slots=True)
class Answer:
    """A method's result; some come with a sentence."""

    result: Result
    description: str | None = None

    def body(self) -> Json:
        """The JSON answer."""
        answer: Json = {"ok": True, "result": self.result}
        if self.description is not None:
            answer["description"] = self.description
        return answer


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method by a bot."""

    sandbox: Sandbox
    bot: Bot
    arguments: Arguments

    def chat_id(self) -> int:
        """The chat that the call names.

        Raises:
            BotApiError: 400 if none is named or it can't be one.
        """
        text = self.arguments.text("chat_id")
        if not text:
            raise BotApiError.bad_request("chat_id is empty")
        try:
            return int(text)
        except ValueError:
            raise BotApiError.bad_request("chat not found") from None

    def chat(self) -> tuple[int, Chat]:
        """The chat that the call names, if the bot may write there.

        A bot can't write first: a person it never met does not exist for it (400), one that talks to other bots only
        can't be written to (403), nor can one that blocked it (403).

        Raises:
            BotApiError: 400 or 403.
        """
        world, chat_id = self.sandbox.world, self.chat_id()
        chat = world.chat(self.bot.id, chat_id)
        if chat_id < 0:
            self.group()
            if chat is None:
                raise BotApiError.bad_request("chat not found")
        if chat is None:
            if chat_id in world.people:
                raise BotApiError.forbidden("bot can't initiate conversation with a user")
            raise BotApiError.bad_request("chat not found")
        if chat.blocked:
            raise BotApiError.forbidden("bot was blocked by the user")
        return chat_id, chat

    def group(self) -> Group:
        """The group that the call names, which must be the bot's own.

        Raises:
            BotApiError: 400 if there is no such group or it is a private chat, 403 if the bot is not in it.
        """
        chat_id = self.chat_id()
        group = self.sandbox.world.groups.get(chat_id)
        if group is None:
            if self.sandbox.world.chat(self.bot.id, chat_id) is not None:
                raise BotApiError.bad_request("method is available for supergroup and channel chats only")
            raise BotApiError.bad_request("chat not found")
        if group.bot_id != self.bot.id:
            raise BotApiError.forbidden("bot is not a member of the supergroup chat")
        return group


Method = Callable[[Call], Awaitable[Answer]]
