import json
import logging

import pytest
from shared.logging import configure_logging, get_logger
from shared.request_id import bind_request_id, current_request_id

SECRETS = [
    "mp_a1b2c3d4e5f6g7h8i9j0",
    "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
    "7K3M-9QXT-2WZB-4HFC",
    "postgresql://owner:hunter2@db/codes",
]


@pytest.fixture(autouse=True)
def _restore_logging() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_blanked(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("tests")
    get_logger("t").warning("something", detail=f"it was {secret}!", nested={"deep": [secret]})
    logging.getLogger("library").error("failed with %s", secret)
    output = capsys.readouterr().out
    hidden = "hunter2" if "hunter2" in secret else secret
    assert "something" in output
    assert hidden not in output


def test_fields_named_like_secrets_are_blanked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("tests")
    get_logger("t").warning("something", bot_token="short", webhook_secret="x", count=3)
    line = json.loads(capsys.readouterr().out)
    assert (line["bot_token"], line["webhook_secret"], line["count"]) == ("[redacted]", "[redacted]", 3)


def test_lines_carry_the_service_and_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("tests")
    bind_request_id("abc-1")
    get_logger("t").info("hello")
    line = json.loads(capsys.readouterr().out)
    assert (line["service"], line["request_id"]) == ("tests", "abc-1")


@pytest.mark.parametrize("bad", ["", "a b", "x" * 101, 'quote"', "new\nline"])
def test_a_request_id_that_does_not_fit_a_log_line_is_replaced(bad: str) -> None:
    assert bind_request_id(bad) != bad
    assert current_request_id() != bad
