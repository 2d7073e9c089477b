"""A stand-in of bot-gateway for tests of codes-api alone: it knows some tokens and chats."""

from dataclasses import dataclass, field

from fastapi import APIRouter
from shared.contracts.bots import BotIdentity, CheckChats, CheckedChats, IdentifyBot, ProjectChat
from shared.errors import FieldError


class _BotTokenInvalidError(FieldError):
    code = "bot_token_invalid"
    title = "Telegram does not accept the bot token"


class _ChatNotUsableError(FieldError):
    code = "chat_not_usable"
    title = "The bot can't invite and remove people in this chat"


@dataclass
class GatewayStandIn:
    """`bots`: which token belongs to whom. `chats`: those in which bots can do what they have to, with their titles."""

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
        async def check(body: CheckChats) -> CheckedChats:
            for place, chat_id in enumerate(body.chat_ids):
                if chat_id not in self.chats:
                    raise _ChatNotUsableError(f"chat_ids.{place}", "The bot is no administrator there.")
            return CheckedChats(data=[ProjectChat(chat_id=chat_id, title=self.chats[chat_id]) for chat_id in body.chat_ids])

        return router
