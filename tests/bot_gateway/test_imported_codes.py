"""Codes that a creator brought from another system, in the conversation (rules.md T1)."""

import pytest
from bot_gateway import keyboards
from bot_gateway.code_form import button_code, imported_form

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import GoodCode, plan

CODE = "SPRING.2024_A"
HINT = "Redeem a code"


async def test_it_is_understood_without_the_button(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    member = webhook.person()
    assert "Welcome to Gold" in (await member.say(f" {CODE.lower()} "))["text"]
    assert webhook.codes.good[CODE].redeemed_by == member.user_id


@pytest.mark.parametrize("text", ["thanks", "hello-there", "what is this", "ok", "привет", "why?!"])
async def test_a_word_gets_the_usual_hint(webhook: House, text: str) -> None:
    answer = await webhook.person().say(text)
    assert HINT in str(answer["buttons"])
    assert webhook.codes.redeem_calls == 0


async def test_only_what_could_be_a_code_is_asked_about(webhook: House) -> None:
    member = webhook.person()
    for text in ("what is this", "short", "x" * 65, "why?!"):
        await member.say(text)
    assert not [path for path, _ in webhook.codes.calls if path.endswith("/codes/known")]


async def test_after_the_button_whatever_is_written_is_meant_as_a_code(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    member = webhook.person()
    await member.press(await member.say("/start"), "Redeem a code")
    assert "typing mistake" in (await member.say("spring.2024_b"))["text"].lower() or webhook.codes.redeem_calls == 1
    assert "Welcome to Gold" in (await member.say(CODE))["text"]
    assert not [path for path, _ in webhook.codes.calls if path.endswith("/codes/known")]


async def test_a_link_of_an_imported_code_is_confirmed(webhook: House) -> None:
    code = "SPRING-2024_" + "X" * 44
    webhook.codes.good[code] = GoodCode(plan("Gold"))
    member = webhook.person()
    preview = await member.say(f"/start code_{code}")
    assert "Welcome to Gold" in (await member.press(preview, "Confirm"))["text"]


async def test_a_code_too_long_for_a_button_is_asked_for(webhook: House) -> None:
    code = "Y" * 59
    webhook.codes.good[code] = GoodCode(plan("Gold"))
    member = webhook.person()
    assert "Send me your access code" in (await member.say(f"/start code_{code}"))["text"]
    assert "Welcome to Gold" in (await member.say(code))["text"]


async def test_with_codes_api_away_a_word_is_a_word(webhook: House) -> None:
    member = webhook.person()
    await member.say("/start")
    webhook.codes.away = True
    assert HINT in str((await member.say("spring-2024"))["buttons"])


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("abc-01", True),
        ("A.B_C-9", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("abc12", False),
        ("a b c d", False),
        ("/start1", False),
    ],
)
def test_the_form(text: str, is_one: bool) -> None:
    assert imported_form(text) is is_one


def test_buttons_hold_codes_up_to_telegrams_limit() -> None:
    code = button_code("x" * 56)
    assert code == "X" * 56
    assert button_code("x" * 57) is None
    for markup in (keyboards.redeem_again(code), keyboards.preview_again(code)):
        data = markup.inline_keyboard[0][0].callback_data
        assert data is not None
        assert len(data.encode()) <= 64
        assert keyboards.code_of(data) == code
