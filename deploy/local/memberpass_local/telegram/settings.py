"""Settings of the sandbox Telegram: environment variables beginning with SANDBOX_TELEGRAM_, or the command line."""

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from shared.clock import Clock, SandboxClock, SystemClock


class TelegramSettings(BaseSettings):
    """Read once at the start. Limits and pauses can be changed while it runs (`POST /sandbox/settings`)."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_TELEGRAM_", extra="ignore", frozen=True, populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8004, ge=0, le=65535)
    state_dir: Path | None = None
    clock_file: Path | None = Field(default=None, validation_alias=AliasChoices("clock_file", "SANDBOX_CLOCK_FILE"))
    """The local stack's shared clock: messages carry its time. Without it, the machine's."""

    chat_burst: int = Field(default=20, ge=1)
    chat_window_seconds: float = Field(default=10, gt=0)
    bot_per_second: int = Field(default=30, ge=1)

    webhook_first_pause_seconds: float = Field(default=0.5, gt=0)
    webhook_longest_pause_seconds: float = Field(default=8, gt=0)
    webhook_timeout_seconds: float = Field(default=30, gt=0)
    callback_query_seconds: float = Field(default=300, gt=0)

    def clock(self) -> Clock:
        """Gives messages their date."""
        return SandboxClock(self.clock_file) if self.clock_file else SystemClock()
