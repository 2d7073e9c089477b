"""What the settings of all services have in common. Each service's `settings.py` subclasses this.

Settings are environment variables. A start without SANDBOX=1 is a production start: a secret that is missing or still
the example value is refused with a sentence that names it.
"""

from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.clock import Clock, SandboxClock, SystemClock

SANDBOX_DEFAULT = "sandbox-only"
"""Stands for a secret that was not set; good in the sandbox, refused in production."""


MIN_SECRET = 16
"""Shorter secrets are guessable."""


class SettingsError(RuntimeError):
    """The environment is not fit to start with. The message is a sentence for the operator."""


class ServiceSettings(BaseSettings):
    """Read once at the start of a process."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    required_secrets: ClassVar[tuple[str, ...]] = ("service_token",)
    known_defaults: ClassVar[frozenset[str]] = frozenset()

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: str = "INFO"
    sandbox: bool = False
    sandbox_clock_file: Path = Path(".local/sandbox-clock")
    service_token: SecretStr = SecretStr(SANDBOX_DEFAULT)
    rate_limit_per_minute: int = Field(default=300, ge=1)

    codes_api_url: str = "http://127.0.0.1:8001"
    billing_api_url: str = "http://127.0.0.1:8002"
    bot_gateway_url: str = "http://127.0.0.1:8003"

    @model_validator(mode="after")
    def _refuse_missing_secrets(self) -> "ServiceSettings":
        if self.sandbox:
            return self
        for name in self.required_secrets:
            secret: SecretStr = getattr(self, name)
            value = secret.get_secret_value()
            if value in {SANDBOX_DEFAULT, *self.known_defaults} or len(value) < MIN_SECRET:
                msg = (
                    f"{name.upper()} is missing, a default, or shorter than {MIN_SECRET} characters: "
                    "set it, or set SANDBOX=1 for a local stack."
                )
                raise SettingsError(msg)
        return self

    def clock(self) -> Clock:
        """The domain's clock: the sandbox's shared one with SANDBOX=1, else the machine's."""
        return SandboxClock(self.sandbox_clock_file) if self.sandbox else SystemClock()


S = TypeVar("S", bound=BaseSettings)


def read_settings(kind: type[S]) -> S:
    """A process's settings, read at its start.

    Raises:
        SystemExit: they are not fit to start with. What is wrong stands on stderr, a sentence for each setting that names
            it and keeps its value to itself; the exit code is 1.
    """
    try:
        return kind()
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    except ValidationError as error:
        sentences = [f"{'.'.join(map(str, one['loc'])).upper() or kind.__name__}: {one['msg']}." for one in error.errors()]
        raise SystemExit("\n".join(sentences)) from None


def sqlalchemy_url(url: str) -> str:
    """A `postgresql://` (or `postgres://`) URL in the form that SQLAlchemy's asyncpg dialect reads."""
    for scheme in ("postgresql+asyncpg://", "postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+asyncpg://" + url.removeprefix(scheme)
    msg = "A database URL must begin with postgresql://"
    raise SettingsError(msg)


DatabaseUrl = Annotated[str, AfterValidator(sqlalchemy_url)]
"""A PostgreSQL URL of the usual form, kept in SQLAlchemy's."""
