"""A bot that this process talks through."""

import asyncio
from dataclasses import dataclass, field

from aiogram import Bot
from shared.contracts.bots import ConnectedBot


@dataclass(slots=True)
class LoadedBot:
    """What codes-api says about a bot, and the bot.

    Attributes:
        connected: codes-api's word; replaced when it is read again.
        bot: speaks with the token of `connected`.
        read_at: when `connected` was read, in the event loop's seconds.
        listening: set while updates come in.
        task: keeps listening until it is cancelled.
    """

    connected: ConnectedBot
    bot: Bot
    read_at: float
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def same_access(self, other: ConnectedBot) -> bool:
        """Whether listening can go on: token and webhook secret are the same."""
        return (self.connected.token, self.connected.webhook_secret) == (other.token, other.webhook_secret)
