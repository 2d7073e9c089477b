import pytest
from pydantic import SecretStr
from shared.settings import ServiceSettings, SettingsError, sqlalchemy_url


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SANDBOX", "SERVICE_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("token", [None, "", "short", "sandbox-only"])
def test_a_production_start_names_the_secret_that_is_missing(token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if token is not None:
        monkeypatch.setenv("SERVICE_TOKEN", token)
    with pytest.raises(SettingsError, match="SERVICE_TOKEN"):
        ServiceSettings()


def test_a_real_secret_or_the_sandbox_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ServiceSettings(service_token=SecretStr("0123456789abcdef")).sandbox is False
    monkeypatch.setenv("SANDBOX", "1")
    assert ServiceSettings().sandbox is True


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "postgres://u@h/d", "postgresql+asyncpg://u@h/d"])
def test_database_urls_are_read_in_their_usual_forms(url: str) -> None:
    assert sqlalchemy_url(url) == "postgresql+asyncpg://u@h/d"


def test_another_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="postgresql://"):
        sqlalchemy_url("mysql://u@h/d")
