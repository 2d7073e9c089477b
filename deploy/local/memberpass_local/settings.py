"""The settings of a stack, read from the environment (contract, "Running it")."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from memberpass_local.home import Home
from memberpass_local.ports import DEFAULT_BASE, ports_from
from memberpass_local.problems import StackError

DEFAULT_HOME = Path(".local")


@dataclass(frozen=True)
class StackSettings:
    """What one stack is told. `environ` is what its processes inherit; empty values count as not given."""

    home: Home
    port_base: int
    environ: Mapping[str, str]

    @classmethod
    def read(cls, environ: Mapping[str, str], *, home: Path | None = None, port_base: int | None = None) -> Self:
        """Settings from the environment; the arguments win over it.

        Raises:
            StackError: MEMBERPASS_PORT_BASE is no port base.
        """
        given = {name: value for name, value in environ.items() if value}
        base = _number(given.get("MEMBERPASS_PORT_BASE", str(DEFAULT_BASE))) if port_base is None else port_base
        ports_from(base)
        folder = home or Path(given.get("MEMBERPASS_HOME", DEFAULT_HOME))
        return cls(home=Home.at(folder), port_base=base, environ=given)

    @property
    def embeds_postgres(self) -> bool:
        """Whether a database's URL is missing."""
        return not (self.environ.get("CODES_DATABASE_URL") and self.environ.get("BILLING_DATABASE_URL"))

    @property
    def embeds_redis(self) -> bool:
        """Whether Redis's URL is missing."""
        return not self.environ.get("REDIS_URL")

    @property
    def embeds_telegram(self) -> bool:
        """Whether no Bot API is configured."""
        return not self.environ.get("TELEGRAM_API_BASE")

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the processes that this stack runs."""
        ports = ports_from(self.port_base)
        if not self.embeds_telegram:
            del ports["telegram"]
        return ports


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise StackError(f"MEMBERPASS_PORT_BASE must be a number, not {text!r}.") from None
