"""Listening by webhook: tell Telegram where to call us, until it has understood (`rules.md` T4)."""

import asyncio

from aiogram.exceptions import AiogramError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.types import BotCommand
from aiogram.utils.backoff import Backoff, BackoffConfig
from shared.logging import get_logger

from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.telegram import UPDATES, optional
from bot_gateway.texts import COMMANDS

log = get_logger(__name__)

RETRY = BackoffConfig(min_delay=0.5, max_delay=60.0, factor=2.0, jitter=0.05)


def webhook_path(bot_id: int) -> str:
    """Where Telegram brings a bot's updates."""
    return f"/telegram/{bot_id}"


async def listen_by_webhook(loaded: LoadedBot, *, public_url: str) -> None:
    """Set the webhook with its secret. Returns when Telegram has it, or has refused the token."""
    connected, bot = loaded.connected, loaded.bot
    backoff = Backoff(RETRY)
    while True:
        try:
            await bot.set_webhook(
                public_url.rstrip("/") + webhook_path(connected.bot_id),
                secret_token=connected.webhook_secret.get_secret_value(),
                allowed_updates=list(UPDATES),
            )
            break
        except TelegramUnauthorizedError:
            log.warning("bot_token_refused", bot_id=connected.bot_id)
            return
        except TelegramRetryAfter as error:
            await asyncio.sleep(error.retry_after)
        except AiogramError as error:
            log.warning("webhook_not_set", bot_id=connected.bot_id, error=type(error).__name__)
            await backoff.asleep()
    loaded.listening.set()
    log.info("bot_listening", bot_id=connected.bot_id, by="webhook")
    await show_commands(loaded)
    await asyncio.Event().wait()


async def show_commands(loaded: LoadedBot) -> None:
    """The menu of commands beside the message field. Nice to have."""
    commands = [BotCommand(command=command, description=description) for command, description in COMMANDS]
    await optional(loaded.bot.set_my_commands(commands), "setMyCommands")
