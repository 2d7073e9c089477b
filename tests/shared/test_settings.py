import pytest
from pydantic import SecretStr
from shared.settings import ServiceSettings, SettingsError, read_settings, sqlalchemy_url


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


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SERVICE_TOKEN", "tooshort", "SERVICE_TOKEN is missing"),
        ("PORT", "not-a-port", "PORT: Input should be a valid integer"),
        ("RATE_LIMIT_PER_MINUTE", "-77", "RATE_LIMIT_PER_MINUTE: Input should be greater"),
    ],
)
def test_a_process_that_can_t_start_says_why_in_a_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "0123456789abcdef")
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=sentence) as ended:
        read_settings(ServiceSettings)
    assert value not in str(ended.value)


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
