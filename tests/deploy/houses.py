"""What the files in deploy/ are held to: each service's settings, port and paths, as its code has them."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import billing_api.main
import billing_api.settings
import bot_gateway.main
import bot_gateway.settings
import codes_api.main
import codes_api.settings
import jobs.settings
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from shared.settings import ServiceSettings, read_settings
from starlette.routing import Match

ROOT: Final = Path(__file__).resolve().parents[2]
UVICORN: Final = {"FORWARDED_ALLOW_IPS"}
"""Read by uvicorn itself; no setting of ours."""
FILLED_IN: Final = {
    "POSTGRES_PASSWORD": "f" * 48,
    "SERVICE_TOKEN": "a" * 64,
    "OPERATOR_KEY": "b" * 64,
    "ENCRYPTION_KEY": Fernet.generate_key().decode(),
    "STRIPE_API_KEY": "sk_live_0123456789",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789",
    "PUBLIC_URL": "https://bot.example.com",
}
"""What an operator would write where the examples have nothing."""

_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True)
class House:
    """One service. `make_app`: None for the worker, which listens nowhere."""

    package: str
    settings: type[ServiceSettings]
    make_app: Callable[[Any], FastAPI] | None
    port: int | None

    def names(self) -> set[str]:
        """The environment variables it reads."""
        return {name.upper() for name in self.settings.model_fields} | UVICORN

    def read(self, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> ServiceSettings:
        """Its settings as a start in this environment, and no other, would read them."""
        with monkeypatch.context() as alone:
            alone.setattr(os, "environ", dict(environ))
            return read_settings(self.settings)

    def answers(self, path: str, settings: ServiceSettings) -> bool:
        """Whether GET of this path leads anywhere."""
        assert self.make_app is not None
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        return any(route.matches(scope)[0] is Match.FULL for route in self.make_app(settings).routes)


HOUSES: Final = {
    "codes-api": House("codes_api", codes_api.settings.Settings, codes_api.main.create_app, 8001),
    "billing-api": House("billing_api", billing_api.settings.Settings, billing_api.main.create_app, 8002),
    "bot-gateway": House("bot_gateway", bot_gateway.settings.Settings, bot_gateway.main.create_app, 8003),
    "jobs": House("jobs", jobs.settings.Settings, None, None),
}
WEB: Final = [name for name, house in HOUSES.items() if house.make_app is not None]
WITH_DATABASE: Final = {"codes-api": "CODES_DATABASE_URL", "billing-api": "BILLING_DATABASE_URL"}


def variables_in(text: str) -> set[str]:
    """The names that Compose would put values for."""
    return {match[1] for match in _VARIABLE.finditer(text)}


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """A text as Compose reads it: `${NAME}`, `${NAME:-default}`, and `${NAME:?sentence}`, which must have a value."""

    def value(match: re.Match[str]) -> str:
        given = values.get(match[1], "")
        assert given or match[2] == "-", f"{match[1]} has no value"
        return given or match[3]

    return _VARIABLE.sub(value, text)


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines, comments left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}
