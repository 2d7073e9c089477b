"""Updates by webhook: the secret, repetitions, order, failures of Telegram (rules.md T4)."""

import asyncio
from functools import partial

import pytest

from tests.bot_gateway.house import House, until
from tests.support.codes_stand_in import GoodCode, plan

CODE = "ABCDEFGHJKMNPQRS"


@pytest.mark.parametrize("secret", ["", "wrong", "secret-of-"])
async def test_a_wrong_secret_is_refused(webhook: House, secret: str) -> None:
    response = await webhook.feed(1, update_id=1, text="/start", secret=secret)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "unauthorized"
    assert await webhook.sent(1) == []


async def test_an_unknown_bot_is_refused_the_same_way(webhook: House) -> None:
    refused = await webhook.feed(1, update_id=1, secret="")
    unknown = await webhook.http.post("/telegram/12345", json={}, headers={"X-Telegram-Bot-Api-Secret-Token": "x"})
    assert (unknown.status_code, unknown.json()["detail"]) == (refused.status_code, refused.json()["detail"])


async def test_an_update_that_comes_again_is_answered_once(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan())
    await webhook.person().say("/start")
    for _ in range(3):
        assert (await webhook.feed(501, update_id=77, text=CODE)).status_code == 200
    assert webhook.codes.redeem_calls == 1
    assert len(await webhook.sent(501)) == 2


async def test_an_unreadable_update_is_taken_and_left(webhook: House) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": f"secret-of-{webhook.bot_id}"}
    for body in (b"", b"[]", b'{"update_id": "x"}', b'{"update_id": 1, "brand_new_kind": {}}'):
        assert (await webhook.http.post(f"/telegram/{webhook.bot_id}", content=body, headers=headers)).status_code == 200


async def test_one_chat_in_order_and_others_beside_it(webhook: House) -> None:
    codes = [f"ABCDEFGHJKMNPQ{number:02}" for number in range(10)]
    for code in codes:
        webhook.codes.good[code] = GoodCode(plan(f"Plan {code[-2:]}"))
    await webhook.person(501).say("/help")
    await webhook.person(502).say("/help")
    webhook.codes.held = True
    feeds = []
    for number, code in enumerate(codes, start=1):
        feeds.append(asyncio.create_task(webhook.feed(501, update_id=number, text=code)))
        await until(partial(_are_in_chat, webhook, 501, number))
    await webhook.feed(502, update_id=99, text="/help")
    assert len(await webhook.sent(502)) == 2
    webhook.codes.held = False
    await asyncio.gather(*feeds)
    said = (await webhook.sent(501))[1:]
    assert [text.split("\n")[0] for text in said] == [f"Welcome to Plan {code[-2:]}!" for code in codes]
    assert _in_chat(webhook, 501) == 0


def _are_in_chat(webhook: House, chat_id: int, number: int) -> bool:
    return _in_chat(webhook, chat_id) == number


def _in_chat(webhook: House, chat_id: int) -> int:
    """Updates that hold the chat's lock or wait for it."""
    order = webhook.running.app.state.gateway.dispatcher.fsm.events_isolation
    _, users = order._locks.get((webhook.bot_id, chat_id), (None, 0))
    return int(users)


async def test_groups_hear_nothing(webhook: House) -> None:
    user = {"id": 501, "is_bot": False, "first_name": "Ann"}
    message = {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "group", "title": "G"}, "from": user, "text": CODE}
    headers = {"X-Telegram-Bot-Api-Secret-Token": f"secret-of-{webhook.bot_id}"}
    answer = await webhook.http.post(f"/telegram/{webhook.bot_id}", json={"update_id": 5, "message": message}, headers=headers)
    assert answer.status_code == 200
    assert webhook.codes.redeem_calls == 0


async def test_the_request_id_travels_to_codes_api(webhook: House) -> None:
    await webhook.person().say("/start")
    _, request_id = webhook.codes.calls[-1]
    assert request_id is not None
    assert request_id.startswith(f"tg-{webhook.bot_id}-")


async def test_telegram_brings_an_update_again_whose_answer_failed(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    await webhook.fail_next(method="sendMessage", status=502)
    answer = await webhook.person().say(CODE)
    assert "used this code already" in answer["text"]
    assert len(await webhook.sent(501)) == 1


async def test_a_short_rest_is_kept(webhook: House) -> None:
    await webhook.fail_next(method="sendMessage", status=429, retry_after=1)
    assert "How this works" in (await webhook.person().say("/help"))["text"]


async def test_a_message_that_can_not_be_edited_is_sent(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    member = webhook.person()
    preview = await member.say(f"/start code_{CODE}")
    await webhook.fail_next(method="editMessageText", status=400)
    result = await member.press(preview, "Confirm")
    assert result["message_id"] != preview["message_id"]
    assert "Welcome to Gold" in result["text"]


async def test_an_unanswered_button_and_missing_menus_do_not_matter(webhook: House) -> None:
    webhook.codes.good[CODE] = GoodCode(plan("Gold"))
    member = webhook.person()
    preview = await member.say(f"/start code_{CODE}")
    await webhook.fail_next(method="answerCallbackQuery", status=400)
    assert "Welcome to Gold" in (await member.press(preview, "Confirm"))["text"]


async def test_a_member_who_left_is_no_error(webhook: House) -> None:
    await webhook.person().say("/help")
    await webhook.telegram.put(f"/sandbox/chats/{webhook.username}/501/block", json={"blocked": True})
    assert (await webhook.feed(501, update_id=9, text="/help")).status_code == 200


async def test_a_bug_is_told_and_does_not_come_back(webhook: House) -> None:
    """Whatever codes-api answers that is no problem document of ours: the member hears of it, Telegram gets its 200."""
    webhook.codes.garbled = True
    answer = await webhook.person().say("/start")
    assert "try again in a moment" in answer["text"]
    assert "How this works" in (await webhook.person().say("/help"))["text"]


async def test_logs_hold_no_text_no_code_and_no_token(webhook: House, capfd: pytest.CaptureFixture[str]) -> None:
    webhook.codes.good[CODE] = GoodCode(plan())
    member = webhook.person()
    await member.say("/start")
    await webhook.fail_next(status=502, times=2)
    await member.say(CODE)
    await member.say("a very private sentence")
    out, err = capfd.readouterr()
    for secret in (webhook.token, webhook.token.split(":")[1], CODE, "private sentence", f"secret-of-{webhook.bot_id}"):
        assert secret not in out + err
    assert str(webhook.bot_id) in out
