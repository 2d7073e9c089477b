"""The only place of bot-gateway that reads the environment."""

from enum import StrEnum

from pydantic import Field
from shared.settings import ServiceSettings


class TelegramMode(StrEnum):
    """How updates come: Telegram calls us, or we ask (`rules.md` T4)."""

    WEBHOOK = "webhook"
    POLLING = "polling"


class Settings(ServiceSettings):
    """Settings of one gateway process. Rates are messages a second, waits are seconds."""

    port: int = Field(default=8003, ge=0, le=65535)
    redis_url: str = "redis://127.0.0.1:6379/0"
    public_url: str = "http://127.0.0.1:8003"
    telegram_api_base: str = "https://api.telegram.org"
    telegram_mode: TelegramMode = TelegramMode.WEBHOOK
    telegram_poll_seconds: int = Field(default=25, ge=0, le=50)

    chat_messages_per_second: float = Field(default=1.0, gt=0, description="T3")
    bot_messages_per_second: float = Field(default=25.0, ge=1, description="T3")
    delivery_max_wait_seconds: int = Field(default=15, ge=0, description="A longer rest gives the delivery back to jobs.")

    bots_reload_seconds: float = Field(default=60.0, gt=0, description="How often the whole list of bots is read again.")
    bot_fresh_seconds: float = Field(default=5.0, ge=0, description="How old a bot's data may be when an update comes.")
