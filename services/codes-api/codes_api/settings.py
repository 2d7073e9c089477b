"""The only place of codes-api that reads the environment."""

from typing import ClassVar

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from shared.settings import DatabaseUrl, ServiceSettings, SettingsError

# A well-formed Fernet key that everybody can read here: good for a sandbox only, refused in production by name.
_SANDBOX_ENCRYPTION_KEY = "c2FuZGJveC1vbmx5LXNhbmRib3gtb25seS1zYW5kYm8="


class Settings(ServiceSettings):
    """codes-api's settings."""

    required_secrets: ClassVar[tuple[str, ...]] = ("service_token", "encryption_key")
    known_defaults: ClassVar[frozenset[str]] = frozenset({_SANDBOX_ENCRYPTION_KEY})

    port: int = Field(default=8001, ge=0, le=65535)
    codes_database_url: DatabaseUrl = "postgresql://postgres@127.0.0.1/codes"
    redis_url: str = "redis://127.0.0.1:6379/0"
    database_pool_size: int = Field(default=20, ge=1, le=100)
    encryption_key: SecretStr = SecretStr(_SANDBOX_ENCRYPTION_KEY)
    """Seals bot tokens at rest: 32 bytes, URL-safe base64 (Fernet)."""
    join_link_template: str = "https://t.me/{bot}?start=code_{code}"
    """`rules.md` C11."""
    owner_link_template: str = "https://t.me/{bot}?start=owner_{token}"
    tombstone_days: int = Field(default=400, ge=1)
    """How long an expired code can still be looked up (`rules.md` C4)."""
    refused_attempt_days: int = Field(default=30, ge=1)
    """`rules.md` C8."""
    remind_days_before_end: int = Field(default=3, ge=1, le=30)
    """How long before the end of a membership its member is reminded (`rules.md` T5)."""
    webhook_timeout_seconds: float = Field(default=10, gt=0, le=20)
    """How long a creator's server may take to accept a webhook."""
    webhook_log_days: int = Field(default=30, ge=4)
    """How long what was sent to creators' servers can be looked at; longer than it is retried."""
    delivery_lease_seconds: int = Field(default=15, ge=1)
    """Real seconds without a progress report after which another delivery may go on."""

    @field_validator("encryption_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        try:
            Fernet(value.get_secret_value())
        except ValueError as error:
            msg = "ENCRYPTION_KEY must be 32 bytes in URL-safe base64, as cryptography's Fernet.generate_key() makes them."
            raise SettingsError(msg) from error
        return value


class MigrationSettings(BaseSettings):
    """What alembic needs: no secrets."""

    model_config = SettingsConfigDict(extra="ignore")

    codes_database_url: DatabaseUrl = "postgresql://postgres@127.0.0.1/codes"
