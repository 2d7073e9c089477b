"""The only place of billing-api that reads the environment."""

from typing import ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from shared.settings import MIN_SECRET, SANDBOX_DEFAULT, DatabaseUrl, ServiceSettings, SettingsError

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
    stripe_api_key: SecretStr = SecretStr(SANDBOX_DEFAULT)
    stripe_webhook_secret: SecretStr = SecretStr(SANDBOX_DEFAULT)
    stripe_api_base: str = Field(default="https://api.stripe.com", pattern=r"^https?://")
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
            self._refuse_unfit_stripe()
        elif not self.sandbox:
            msg = "PAYMENT_PROCESSOR=sandbox charges nobody: it is refused unless SANDBOX=1 is set."
            raise SettingsError(msg)
        return self

    def _refuse_unfit_stripe(self) -> None:
        for name in ("stripe_api_key", "stripe_webhook_secret"):
            secret: SecretStr = getattr(self, name)
            if secret.get_secret_value() == SANDBOX_DEFAULT or len(secret.get_secret_value()) < MIN_SECRET:
                msg = f"{name.upper()} is missing or shorter than {MIN_SECRET} characters: PAYMENT_PROCESSOR=stripe needs it."
                raise SettingsError(msg)
        if self.sandbox and "_live_" in self.stripe_api_key.get_secret_value():
            msg = "STRIPE_API_KEY is a live key: with SANDBOX=1 time is a toy, and real cards would be charged. Use a test key."
            raise SettingsError(msg)

    @property
    def account_openings_per_hour(self) -> int:
        """The throttle on `POST /v1/accounts` for one address."""
        return self.new_accounts_per_hour or (_SANDBOX_ACCOUNTS_PER_HOUR if self.sandbox else 30)


class MigrationSettings(BaseSettings):
    """What alembic needs: no secrets."""

    model_config = SettingsConfigDict(extra="ignore")

    billing_database_url: DatabaseUrl = "postgresql://postgres@127.0.0.1/billing"
