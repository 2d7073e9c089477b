"""The only place of billing-api that reads the environment."""

from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from shared.settings import SANDBOX_DEFAULT, DatabaseUrl, ServiceSettings, SettingsError

_SANDBOX_ACCOUNTS_PER_HOUR = 100_000


class Settings(ServiceSettings):
    """billing-api's settings."""

    required_secrets: ClassVar[tuple[str, ...]] = ("service_token", "operator_key")

    port: int = Field(default=8002, ge=0, le=65535)
    billing_database_url: DatabaseUrl = "postgresql://postgres@127.0.0.1/billing"
    redis_url: str = "redis://127.0.0.1:6379/0"
    database_pool_size: int = Field(default=10, ge=1, le=100)
    operator_key: SecretStr = SecretStr(SANDBOX_DEFAULT)
    payment_processor: Literal["sandbox", "stripe"] = "stripe"
    """Who charges cards. `sandbox` charges nobody and needs SANDBOX=1; there it is the default."""
    account_deletion: bool = False
    """Whether the sweep deletes accounts that are overdue for more than 90 days (`rules.md` D2); there is no way back."""
    new_accounts_per_hour: int | None = Field(default=None, ge=1)
    """How many accounts one address may open in an hour; unset: 30, in the sandbox as good as any number."""
    seller_name: str = Field(default="MemberPass", min_length=1, max_length=200)
    """Who invoices come from."""
    seller_address: str = Field(default="Envigo Innovations, LLC", max_length=1000)
    """The lines under it (address, tax number), parted by line breaks or `;`."""

    @model_validator(mode="before")
    @classmethod
    def _default_processor(cls, values: dict[str, object]) -> dict[str, object]:
        if str(values.get("sandbox", "")).lower() in {"1", "true", "yes", "on"}:
            values.setdefault("payment_processor", "sandbox")
        return values

    @model_validator(mode="after")
    def _refuse_unfit_processor(self) -> Self:
        if self.payment_processor == "stripe":
            msg = "PAYMENT_PROCESSOR=stripe is not available in this version: set PAYMENT_PROCESSOR=sandbox with SANDBOX=1."
            raise SettingsError(msg)
        if not self.sandbox:
            msg = "PAYMENT_PROCESSOR=sandbox charges nobody: it is refused unless SANDBOX=1 is set."
            raise SettingsError(msg)
        return self

    @property
    def account_openings_per_hour(self) -> int:
        """The throttle on `POST /v1/accounts` for one address."""
        return self.new_accounts_per_hour or (_SANDBOX_ACCOUNTS_PER_HOUR if self.sandbox else 30)


class MigrationSettings(BaseSettings):
    """What alembic needs: no secrets."""

    model_config = SettingsConfigDict(extra="ignore")

    billing_database_url: DatabaseUrl = "postgresql://postgres@127.0.0.1/billing"
