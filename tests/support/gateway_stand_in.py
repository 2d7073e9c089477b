"""A stand-in of bot-gateway for tests of codes-api alone: it knows some tokens."""

from dataclasses import dataclass, field

from fastapi import APIRouter
from shared.contracts.bots import BotIdentity, IdentifyBot
from shared.contracts.chats import CheckChat, CheckedChat
from shared.errors import FieldError


class _BotTokenInvalidError(FieldError):
    code = "bot_token_invalid"
    title = "Telegram does not accept the bot token"


class _ChatRightsMissingError(FieldError):
    code = "chat_rights_missing"
    title = "The bot lacks a right in this chat"


@dataclass
class GatewayStandIn:
    """`bots`: which token belongs to whom. `chats`: where the bot has its rights, with the titles."""

    bots: dict[str, BotIdentity] = field(default_factory=dict)
    chats: dict[int, str] = field(default_factory=dict)

    def make_bot(self, bot_id: int = 1001, *, username: str = "club_bot", token: str | None = None) -> str:
        """A bot that Telegram knows; its token."""
        token = token or f"{bot_id}:{'A' * 35}"
        self.bots[token] = BotIdentity(bot_id=bot_id, username=username)
        return token

    def router(self) -> APIRouter:
        """The HTTP face."""
        router = APIRouter()

        @router.post("/internal/bots/identify")
        async def identify(body: IdentifyBot) -> BotIdentity:
            if (bot := self.bots.get(body.token)) is None:
                raise _BotTokenInvalidError("token", "Telegram knows no bot with this token.")
            return bot

        @router.post("/internal/chats/check")
        async def check(body: CheckChat) -> CheckedChat:
            if (title := self.chats.get(body.chat_id)) is None:
                raise _ChatRightsMissingError("chat_id", "The bot may not ban users there.")
            return CheckedChat(chat_id=body.chat_id, title=title)

        return router
