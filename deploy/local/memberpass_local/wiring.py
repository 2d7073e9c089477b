"""How the processes of one stack find each other: addresses and secrets, and the environment made of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from memberpass_local.ports import HOST
from memberpass_local.settings import StackSettings
from memberpass_local.stack_file import StackFile

LOOPBACK = "127.0.0.1,localhost,::1"


@dataclass(frozen=True)
class Wiring:
    """Everything that is known once the databases run and before the services do."""

    settings: StackSettings
    secrets: Mapping[str, str]
    codes_database_url: str
    billing_database_url: str
    redis_url: str

    def url_of(self, name: str) -> str:
        """The loopback address of one of the stack's processes."""
        return f"http://{HOST}:{self.settings.ports[name]}"

    @property
    def telegram_url(self) -> str:
        """The Bot API: the configured one, else the sandbox."""
        return self.settings.environ.get("TELEGRAM_API_BASE") or self.url_of("telegram")

    def environment(self) -> dict[str, str]:
        """What every process of the stack is told; PORT comes on top, process by process.

        What the user gave stands. Where a real Bot API is named without a public address, updates are polled: nobody
        out there can call this machine.
        """
        given = dict(self.settings.environ)
        defaults = {
            "LOG_LEVEL": "INFO",
            "PAYMENT_PROCESSOR": "sandbox",
            "SANDBOX": "1",
            "SANDBOX_CLOCK_FILE": str(self.settings.home.sandbox_clock),
            "TELEGRAM_MODE": "webhook" if self.settings.embeds_telegram or given.get("PUBLIC_URL") else "polling",
            "PUBLIC_URL": self.url_of("bot-gateway"),
        }
        fixed = {
            **self.secrets,
            "HOST": HOST,
            "CODES_DATABASE_URL": self.codes_database_url,
            "BILLING_DATABASE_URL": self.billing_database_url,
            "REDIS_URL": self.redis_url,
            "CODES_API_URL": self.url_of("codes-api"),
            "BILLING_API_URL": self.url_of("billing-api"),
            "BOT_GATEWAY_URL": self.url_of("bot-gateway"),
            "TELEGRAM_API_BASE": self.telegram_url,
            # Services call each other on loopback; a proxy in the environment is for the world outside.
            "NO_PROXY": _joined(given.get("NO_PROXY"), LOOPBACK),
            "no_proxy": _joined(given.get("no_proxy"), LOOPBACK),
            "PYTHONUNBUFFERED": "1",
        }
        return defaults | given | fixed

    def stack_file(self) -> StackFile:
        """What `stack.json` says of this stack."""
        return StackFile(
            codes_api=self.url_of("codes-api"),
            billing_api=self.url_of("billing-api"),
            bot_gateway=self.url_of("bot-gateway"),
            telegram=self.telegram_url,
            operator_key=self.secrets["OPERATOR_KEY"],
            codes_database_url=self.codes_database_url,
            billing_database_url=self.billing_database_url,
            redis_url=self.redis_url,
        )


def _joined(given: str | None, ours: str) -> str:
    return f"{given},{ours}" if given else ours
