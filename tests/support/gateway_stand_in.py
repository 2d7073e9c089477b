"""A stand-in of bot-gateway for tests of codes-api alone: it knows some tokens."""

from dataclasses import dataclass, field

from fastapi import APIRouter
from shared.contracts.bots import BotIdentity, IdentifyBot
from shared.errors import FieldError


class _BotTokenInvalidError(FieldError):
    code = "bot_token_invalid"
    title = "Telegram does not accept the bot token"


@dataclass
class GatewayStandIn:
    """`bots`: which token belongs to whom."""

    bots: dict[str, BotIdentity] = field(default_factory=dict)

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

        return router
