"""What a stack reads from the environment and tells its processes (contract, "Running it")."""

import json
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from memberpass_local.home import Home
from memberpass_local.ports import ports_from
from memberpass_local.problems import StackError
from memberpass_local.secrets_file import read_or_make_secrets
from memberpass_local.services import service_table
from memberpass_local.settings import StackSettings
from memberpass_local.stack_file import StackFile, remove_stack_file, write_stack_file
from memberpass_local.wiring import Wiring

SECRETS = {"SERVICE_TOKEN": "s", "OPERATOR_KEY": "o", "ENCRYPTION_KEY": "e"}


def _wiring(tmp_path: Path, **environ: str) -> Wiring:
    return Wiring(
        settings=StackSettings.read(environ, home=tmp_path),
        secrets=SECRETS,
        codes_database_url="postgresql://codes",
        billing_database_url="postgresql://billing",
        redis_url="redis://queue",
    )


def test_ports_follow_the_base() -> None:
    assert ports_from(8000) == {"codes-api": 8001, "billing-api": 8002, "bot-gateway": 8003, "telegram": 8004}


@pytest.mark.parametrize("base", ["0", "-1", "65532", "70000", "eight"])
def test_a_base_without_room_is_refused_by_name(base: str) -> None:
    with pytest.raises(StackError, match="MEMBERPASS_PORT_BASE"):
        StackSettings.read({"MEMBERPASS_PORT_BASE": base})


def test_the_last_base_with_room_is_good() -> None:
    assert StackSettings.read({"MEMBERPASS_PORT_BASE": "65531"}).ports["telegram"] == 65535


def test_empty_settings_count_as_not_given() -> None:
    settings = StackSettings.read(
        {"REDIS_URL": "", "CODES_DATABASE_URL": "", "TELEGRAM_API_BASE": "", "MEMBERPASS_PORT_BASE": ""}
    )

    assert settings.embeds_redis
    assert settings.embeds_postgres
    assert settings.embeds_telegram
    assert settings.port_base == 8000


def test_one_given_database_still_embeds_the_other() -> None:
    assert StackSettings.read({"CODES_DATABASE_URL": "postgresql://x"}).embeds_postgres
    assert not StackSettings.read(
        {"CODES_DATABASE_URL": "postgresql://x", "BILLING_DATABASE_URL": "postgresql://y"}
    ).embeds_postgres


def test_the_sandbox_gets_webhooks(tmp_path: Path) -> None:
    wiring = _wiring(tmp_path)
    env = wiring.environment()

    assert env["TELEGRAM_MODE"] == "webhook"
    assert env["PUBLIC_URL"] == env["BOT_GATEWAY_URL"] == "http://127.0.0.1:8003"
    assert env["TELEGRAM_API_BASE"] == "http://127.0.0.1:8004"
    assert env["SANDBOX"] == "1"
    assert env["SANDBOX_CLOCK_FILE"] == str(tmp_path.resolve() / "sandbox-clock")
    assert [spec.name for spec in service_table(wiring)] == ["codes-api", "billing-api", "bot-gateway", "jobs", "telegram"]


@pytest.mark.parametrize(("public", "mode"), [("", "polling"), ("https://bots.example", "webhook")])
def test_a_real_bot_api_is_polled_unless_it_can_call_back(tmp_path: Path, public: str, mode: str) -> None:
    wiring = _wiring(tmp_path, TELEGRAM_API_BASE="https://api.telegram.org", PUBLIC_URL=public)

    assert wiring.environment()["TELEGRAM_MODE"] == mode
    assert wiring.stack_file().telegram == "https://api.telegram.org"
    assert "telegram" not in wiring.settings.ports
    assert "telegram" not in [spec.name for spec in service_table(wiring)]


def test_what_the_user_gave_stands(tmp_path: Path) -> None:
    env = _wiring(
        tmp_path, TELEGRAM_MODE="polling", SANDBOX="0", LOG_LEVEL="DEBUG", NO_PROXY="corp", RATE_LIMIT_PER_MINUTE="5"
    ).environment()

    assert env["TELEGRAM_MODE"] == "polling"
    assert env["SANDBOX"] == "0"
    assert env["LOG_LEVEL"] == "DEBUG"
    assert env["RATE_LIMIT_PER_MINUTE"] == "5"
    assert env["NO_PROXY"] == "corp,127.0.0.1,localhost,::1"


def test_stack_json_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    write_stack_file(home, _wiring(tmp_path).stack_file())

    assert set(json.loads(home.stack_file.read_text())) == {
        *("codes_api", "billing_api", "bot_gateway", "telegram", "operator_key"),
        *("codes_database_url", "billing_database_url", "redis_url"),
    }
    assert StackFile.model_validate_json(home.stack_file.read_text()) == _wiring(tmp_path).stack_file()
    assert stat.S_IMODE(home.stack_file.stat().st_mode) == 0o600
    remove_stack_file(home)
    remove_stack_file(home)
    assert not home.stack_file.exists()


def test_secrets_are_made_once_and_kept_to_their_owner(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    made = read_or_make_secrets(home, {})

    assert read_or_make_secrets(home, {}) == made
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600
    Fernet(made["ENCRYPTION_KEY"])
    assert len({*made.values()}) == 3
    assert read_or_make_secrets(home, {"OPERATOR_KEY": "given"}) == made | {"OPERATOR_KEY": "given"}


def test_damaged_secrets_are_not_replaced(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.secrets_file.write_text("{")

    with pytest.raises(StackError, match="damaged"):
        read_or_make_secrets(home, {})
    assert home.secrets_file.read_text() == "{"
