"""Whole conversations over the real HTTP path, in both modes (rules.md T1, C6, C11)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from shared.contracts.accounts import Branding

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import GoodCode, plan

CODE = "ABCDEFGHJKMNPQRS"
PRINTED = "ABCD-EFGH-JKMN-PQRS"
ENDS = datetime(2026, 8, 3, 10, tzinfo=UTC)


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["buttons"] for button in row]


async def test_start_shows_plans_prices_and_the_button(both: House) -> None:
    both.codes.plans = [plan("Gold", amount=900), plan("Forever", amount=9900, period="lifetime", lifetime=True)]
    answer = await both.person().say("/start")
    assert "Northwind" in answer["text"]
    assert "Gold: $9.00 for 1 month" in answer["text"]
    assert "Forever: $99.00, lifetime" in answer["text"]
    assert "Your memberships" not in answer["text"]
    assert labels(answer) == ["Redeem a code", "My memberships"]


async def test_a_link_shows_the_plan_and_one_confirm_button_and_then_the_membership(both: House) -> None:
    both.codes.good[CODE] = GoodCode(plan("Gold"), ends_at=ENDS)
    member = both.person()
    preview = await member.say(f"/start code_{CODE}")
    assert "Gold" in preview["text"]
    assert "1 month" in preview["text"]
    assert labels(preview) == ["Confirm"]
    assert both.codes.good[CODE].redeemed_by is None

    result = await member.press(preview, "Confirm")
    assert result["message_id"] == preview["message_id"], "the message is edited"
    assert "active until 3 August 2026, 10:00 UTC" in result["text"]
    assert both.codes.good[CODE].redeemed_by == member.user_id

    home = await member.say("/start")
    assert "Your memberships" in home["text"]
    assert "Gold: active until 3 August 2026" in home["text"]


async def test_the_command_takes_the_code_behind_it(both: House) -> None:
    both.codes.good[CODE] = GoodCode(plan("Gold"), ends_at=ENDS)
    member = both.person()
    assert "Send me your access code" in (await member.say("/redeem"))["text"]
    assert "not known here" in (await member.say("/redeem ABCD-EFGH-JKMN-0000"))["text"]
    assert "Welcome to Gold" in (await member.say(f"/redeem {PRINTED}"))["text"]


async def test_the_button_asks_and_a_sloppy_code_is_understood(both: House) -> None:
    both.codes.good[CODE] = GoodCode(plan("Gold"), ends_at=ENDS)
    member = both.person()
    home = await member.say("/start")
    prompt = await member.press(home, "Redeem a code")
    assert "Send me your access code" in prompt["text"]
    result = await member.say(" abcd efgh  jkmn\u2013pqrs ")
    assert "Welcome to Gold" in result["text"]
    assert both.codes.good[CODE].redeemed_by == member.user_id


@pytest.mark.parametrize("text", [PRINTED, CODE.lower(), f"Look what I got: {PRINTED} from a friend"])
async def test_a_code_is_understood_without_the_button(webhook: House, text: str) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    assert "active for life" in (await webhook.person().say(text))["text"]


# The sandbox, like real clients, drops a start payload with "=": that form reaches the bot only as a typed text.
@pytest.mark.parametrize("payload", [f"code_{CODE}", f"code-{CODE}", CODE, PRINTED])
async def test_each_form_of_the_payload(webhook: House, payload: str) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    assert labels(await webhook.person().say(f"/start {payload}")) == ["Confirm"]


async def test_what_is_extended_is_said_before_and_after(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(
        plan("Gold"), expires_at=datetime(2026, 12, 1, tzinfo=UTC), extends_until=datetime(2026, 7, 20, tzinfo=UTC), ends_at=ENDS
    )
    member = webhook.person()
    preview = await member.say(f"/start code_{CODE}")
    assert "member until 20 July 2026, 00:00 UTC" in preview["text"]
    assert "can be used until 1 December 2026, 00:00 UTC" in preview["text"]
    result = await member.press(preview, "Confirm")
    assert "extended" in result["text"]


async def test_a_second_press_and_a_second_link_change_nothing(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"), ends_at=ENDS)
    member = webhook.person()
    preview = await member.say(f"/start code_{CODE}")
    await member.press(preview, "Confirm")
    # Pressed again before the edit reached the member's screen.
    await webhook.feed(member.user_id, update_id=1, press=f"redeem:{CODE}", message_id=preview["message_id"])
    assert webhook.codes.redeem_calls == 2
    assert len(await member.heard()) == 1
    assert (await member.say("/status"))["text"].count("Gold") == 1
    again = await member.say(f"/start code_{CODE}")
    assert "You have used this code already" in again["text"]
    assert "3 August 2026" in again["text"]


async def test_status_help_and_whatever_else(webhook: House) -> None:
    member = webhook.person()
    assert "none yet" in (await member.say("/status"))["text"]
    assert "/redeem" in (await member.say("/help"))["text"]
    hint = await member.say("hello there")
    assert "didn't understand" in hint["text"]
    assert "Redeem a code" in labels(hint)
    assert "didn't understand" in (await member.say("/nonsense"))["text"]


async def test_my_memberships_and_back_stay_in_one_message(webhook: House) -> None:
    webhook.codes.plans = [plan("Gold")]
    member = webhook.person()
    home = await member.say("/start")
    status = await member.press(home, "My memberships")
    assert status["message_id"] == home["message_id"]
    back = await member.press(status, "Back")
    assert back["text"] == home["text"]


async def test_commands_leave_the_question_for_a_code(webhook: House) -> None:
    member = webhook.person()
    await member.press(await member.say("/start"), "Redeem a code")
    await member.say("/help")
    assert "didn't understand" in (await member.say("not a code"))["text"]


async def test_an_answer_that_is_no_code_is_judged_by_codes_api(webhook: House) -> None:
    member = webhook.person()
    await member.press(await member.say("/start"), "Redeem a code")
    assert "not known here" in (await member.say("ABC-123"))["text"]
    assert webhook.codes.redeem_calls == 1


async def test_the_creator_links_their_chat(both: House) -> None:
    both.codes.owner_links["T0ken"] = None
    both.codes.waiting_batches = 2
    answer = await both.person(7).say("/start owner_T0ken")
    assert "linked to Northwind" in answer["text"]
    assert "2 batches" in answer["text"]
    assert both.codes.owner_links["T0ken"] == 7
    assert "doesn't work any more" in (await both.person(8).say("/start owner_wrong"))["text"]


async def test_hostile_names_are_shown_as_they_are(webhook: House) -> None:
    nasty = "<b>A&B</b> <a href='tg://x'>\u202e\n\n" + "x" * 300
    webhook.codes.connect(bot_id=webhook.bot_id, token=webhook.token, username=webhook.username, name=nasty)
    webhook.codes.plans = [plan(nasty) for _ in range(60)]
    webhook.codes.good[CODE] = GoodCode(plan(nasty))
    member = webhook.person()
    home = await member.say("/start")
    assert "<b>A&B</b> <a href='tg://x'>" in home["text"]
    assert "... and 40 more" in home["text"]
    assert "\u202e" not in home["text"]
    assert len(home["text"]) < 4096
    preview = await member.say(f"/start code_{CODE}")
    assert "<b>A&B</b>" in preview["text"]
    result = await member.press(preview, "Confirm")
    assert "<b>A&B</b>" in result["text"]


@pytest.mark.parametrize(
    ("branding", "shown"), [(Branding.EVERYWHERE, True), (Branding.PORTAL_ONLY, False), (Branding.NOWHERE, False)]
)
async def test_the_branding_line(webhook: House, branding: Branding, *, shown: bool) -> None:
    webhook.codes.connect(bot_id=webhook.bot_id, token=webhook.token, username=webhook.username, branding=branding)
    member = webhook.person()
    for text in ("/start", "/help", "/status", "hello", CODE):
        assert ("Powered by MemberPass" in (await member.say(text))["text"]) is shown
