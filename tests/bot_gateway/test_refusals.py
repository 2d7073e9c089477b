"""A clear answer to each refusal (contract.md, "Refusals of redemption")."""

import pytest
from bot_gateway.refusals import refusal
from shared.errors import RemoteProblem

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import GoodCode, plan
from tests.support.refusal import Refusal

CODE = "ABCDEFGHJKMNPQRS"

ANSWERS = [
    (Refusal(422, "code_mistyped"), "typing mistake"),
    (Refusal(404, "code_unknown"), "not known here"),
    (Refusal(410, "code_expired", {"expired_at": "2026-08-03T10:00:00Z"}), "expired on 3 August 2026, 10:00 UTC"),
    (Refusal(410, "code_expired"), "This code expired\n"),
    (Refusal(410, "code_expired", {"expired_at": "soon"}), "This code expired\n"),
    (Refusal(409, "code_already_redeemed"), "already been used"),
    (Refusal(410, "code_revoked"), "withdrawn"),
    (Refusal(429, "too_many_attempts", {}, {"Retry-After": "301"}), "wait 6 minutes"),
    (Refusal(429, "too_many_attempts"), "wait 15 minutes"),
    (Refusal(409, "lifetime_limit_reached"), "Your code stays good"),
    (Refusal(403, "account_locked"), "Your code stays good"),
    (Refusal(409, "some_new_refusal"), "can't be redeemed"),
]


@pytest.mark.parametrize(("refused", "said"), ANSWERS)
async def test_each_refusal_has_its_answer(webhook: House, refused: Refusal, said: str) -> None:
    webhook.codes.refusals[CODE] = refused
    member = webhook.person()
    typed = await member.say(CODE)
    assert said in typed["text"]
    assert [button["text"] for row in typed["buttons"] for button in row] == ["Enter another code", "Back"]
    assert (await member.say(f"/start code_{CODE}"))["text"] == typed["text"]


@pytest.mark.parametrize("code", ["unauthorized", "not_found", "validation_failed", "internal_error"])
async def test_a_fault_between_the_services_is_not_blamed_on_the_code(webhook: House, code: str) -> None:
    webhook.codes.refusals[CODE] = Refusal(400, code)
    assert "went wrong on our side" in (await webhook.person().say(CODE))["text"]


async def test_a_refusal_after_the_preview_takes_its_place(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan())
    member = webhook.person()
    preview = await member.say(f"/start code_{CODE}")
    webhook.codes.good[CODE].redeemed_by = 999
    result = await member.press(preview, "Confirm")
    assert result["message_id"] == preview["message_id"]
    assert "already been used" in result["text"]


async def test_nothing_is_lost_while_codes_api_is_away(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    member = webhook.person()
    preview = await member.say(f"/start code_{CODE}")
    webhook.codes.away = True
    away = await member.press(preview, "Confirm")
    assert "Nothing was lost" in away["text"]
    typed = await member.say(CODE)
    link = await member.say(f"/start code_{CODE}")
    home = await member.say("/start")
    assert typed["text"] == link["text"] == home["text"] == away["text"]
    webhook.codes.away = False
    assert "Confirm" in str((await member.press(link, "Try again"))["buttons"])
    await member.press(away, "Try again")
    assert webhook.codes.good[CODE].redeemed_by == member.user_id


def test_a_code_never_appears_in_a_refusal() -> None:
    problem = RemoteProblem(status=404, code="code_unknown", title="x", detail=CODE, extensions={"code": CODE}, headers={})
    assert CODE not in refusal(problem)
