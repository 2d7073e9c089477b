import re

import pytest
from bot_gateway import keyboards
from bot_gateway.code_form import bare_code, code_of_payload, find_code
from hypothesis import given
from hypothesis import strategies as st

CODE = "ABCDEFGHJKMNPQRS"


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        "ABCD-EFGH-JKMN-PQRS",
        "ABCD EFGH JKMN PQRS",
        "abcd\u2014efgh\u2212jkmn\u00a0pqrs\n",
        "AB\u200bCDEFGHJKMNPQRS",
    ],
)
def test_forms_of_a_code(text: str) -> None:
    assert bare_code(text) == CODE


@pytest.mark.parametrize("text", ["", CODE[:-1], CODE + "X", "ABCD_EFGH_JKMN_PQRS", "\u0410BCDEFGHJKMNPQRS", "hello", "/" + CODE])
def test_what_is_no_code(text: str) -> None:
    assert bare_code(text) is None


def test_a_code_inside_a_forwarded_message() -> None:
    message = "Gold\nAccess code: ABCD-EFGH-JKMN-PQRS\nhttps://t.me/bot?start=code_ABCDEFGHJKMNPQRS"
    assert find_code(message) == CODE
    assert find_code("ABCD-EFGH-JKMN-PQRS or ABCD-EFGH-JKMN-PQRT?") is None
    assert find_code("id 11112222-ABCD-EFGH-JKMN-PQRS") is None


@pytest.mark.parametrize("payload", ["code_{}", "code={}", "code-{}", "CODE_{}", " code_{} "])
@pytest.mark.parametrize("code", [CODE, "ABCD-EFGH-JKMN-PQRS", "ABCD EFGH JKMN PQRS"])
def test_a_payload_that_is_typed_instead_of_tapped(payload: str, code: str) -> None:
    assert find_code(payload.format(code)) == CODE


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (f"code_{CODE}", CODE),
        (f"code={CODE}", CODE),
        (f"code-{CODE}", CODE),
        (f"CODE_{CODE.lower()}", CODE.lower()),
        (CODE, CODE),
        ("CODE-EFGH-JKMN-PQRS", "CODEEFGHJKMNPQRS"),
        ("code_SHORT", "SHORT"),
        ("code_", None),
        ("", None),
        ("summer", None),
        ("owner_abc", None),
    ],
)
def test_payloads(payload: str, code: str | None) -> None:
    assert code_of_payload(payload) == code


@given(st.from_regex(re.compile(r"[0-9A-Z]{16}"), fullmatch=True))
def test_callback_data_fits_and_comes_back(code: str) -> None:
    for markup in (keyboards.confirm(code), keyboards.redeem_again(code), keyboards.preview_again(code)):
        data = markup.inline_keyboard[0][0].callback_data
        assert data is not None
        assert len(data.encode()) <= 64
        assert keyboards.code_of(data) == code


@pytest.mark.parametrize("data", [None, "", "redeem:", "redeem:abc", f"redeem:{CODE}/", f"other:{CODE}", f"redeem:{CODE[:-1]} "])
def test_callback_data_of_others(data: str | None) -> None:
    assert keyboards.code_of(data) is None


def test_every_button_fits() -> None:
    markups = [keyboards.start(), keyboards.after_redeeming(), keyboards.after_refusal(), keyboards.back(), keyboards.status()]
    for button in (button for markup in markups for row in markup.inline_keyboard for button in row):
        assert button.callback_data is not None
        assert 1 <= len(button.callback_data.encode()) <= 64
