"""Retries in domain time, giving up, resending, and what a crash leaves behind."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest
from codes_api.webhooks.attempt import attempt
from codes_api.webhooks.claim import claim_due
from codes_api.webhooks.courier import Courier
from codes_api.webhooks.record import record
from codes_api.webhooks.sender import HEALTHY
from shared.contracts.bots import NoticeKind
from shared.contracts.events import Event, EventType

from tests.codes_api.webhooks.conftest import Hooks, Json
from tests.support.codes_api import Codes

DAY = timedelta(days=1)


async def walk(hooks: Hooks, until: datetime) -> None:
    """What the sandbox clock's advance does: from moment to moment at which something is due."""
    while True:
        planned = (await hooks.codes.internal.next_due()).next_due_at
        if planned is None or planned > until:
            break
        if planned > hooks.codes.clock.now():
            hooks.codes.clock.move_to(planned)
        await hooks.send()
    if until > hooks.codes.clock.now():
        hooks.codes.clock.move_to(until)


async def notices(hooks: Hooks) -> list[Event]:
    return [event for event in await hooks.events() if event.type is EventType.CREATOR_NOTICE]


async def the_only(hooks: Hooks, hook: Json) -> Json:
    (delivery,) = await hooks.log(hook)
    return delivery


async def test_a_failure_is_tried_again_when_its_time_has_come(hooks: Hooks) -> None:
    hook = await hooks.add()
    hooks.receiver.status = 503
    await hooks.test(hook)
    await hooks.send()
    first = await the_only(hooks, hook)
    tried_at, next_at = (datetime.fromisoformat(first[name]) for name in ("created_at", "next_attempt_at"))
    assert (first["status"], first["attempts"][0]["status_code"], first["attempts"][0]["error"]) == ("pending", 503, "status")
    assert timedelta(seconds=5) <= next_at - tried_at < timedelta(seconds=7)
    assert (await hooks.look(hook))["failing_since"] == first["attempts"][0]["attempted_at"]
    assert (await hooks.codes.internal.next_due()).next_due_at == next_at
    assert len(hooks.receiver.received) == 1

    hooks.receiver.status = 200
    hooks.codes.clock.move_to(max(next_at, hooks.codes.clock.now()))
    await hooks.send()
    second = await the_only(hooks, hook)
    assert (second["status"], second["next_attempt_at"]) == ("delivered", None)
    assert [one["status_code"] for one in second["attempts"]] == [503, 200]
    one, two = hooks.receiver.received
    assert (one.id, one.body) == (two.id, two.body)
    assert one.verified(hook["secret"]) == two.verified(hook["secret"])  # the second one's time is real, not the sandbox's
    assert (await hooks.look(hook))["failing_since"] is None
    assert (await hooks.codes.internal.next_due()).next_due_at is None


async def test_three_days_of_failure_switch_it_off_and_the_creator_is_told_once(hooks: Hooks) -> None:
    hook = await hooks.add()
    hooks.receiver.status = 500
    await hooks.test(hook)
    began = hooks.codes.clock.now()
    await walk(hooks, began + 3 * DAY - timedelta(minutes=1))
    assert (await hooks.look(hook))["enabled"]
    waiting = await hooks.test(hook)
    await walk(hooks, began + 10 * DAY)

    log = {one["id"]: one for one in await hooks.log(hook)}
    late, first = log.pop(waiting["id"]), next(iter(log.values()))
    assert (late["status"], first["status"]) == ("failed", "failed")
    moments = [datetime.fromisoformat(one["attempted_at"]) for one in first["attempts"]]
    hours = [round((moment - moments[0]).total_seconds() / 3600, 1) for moment in moments]
    assert hours == [0, 0, 0.1, 0.6, 2.6, 7.6, 17.6, 31.6, 51.6, 72]
    seen = await hooks.look(hook)
    assert (seen["enabled"], seen["disabled_reason"]) == (False, "failing")
    assert seen["disabled_at"] == first["attempts"][-1]["attempted_at"]
    (told,) = await notices(hooks)
    assert told.payload["kind"] == NoticeKind.WEBHOOK_DISABLED
    assert told.payload["project_id"] == str(hooks.shop.project_id)
    assert (await hooks.codes.internal.next_due()).next_due_at is None

    number = len(hooks.receiver.received)
    await hooks.codes_of()
    await hooks.tell()
    assert len(hooks.receiver.received) == number
    assert len(await notices(hooks)) == 1


async def test_two_messages_that_end_at_the_same_moment_tell_once(hooks: Hooks) -> None:
    hook = await hooks.add()
    hooks.receiver.status = 500
    await asyncio.gather(*(hooks.test(hook) for _ in range(4)))
    await walk(hooks, hooks.codes.clock.now() + 4 * DAY)
    assert {one["status"] for one in await hooks.log(hook)} == {"failed"}
    assert len(await notices(hooks)) == 1


async def test_one_bad_message_switches_nothing_off(hooks: Hooks) -> None:
    """A server that accepts everything else works: only that message is given up."""
    hook = await hooks.add()
    bad = await hooks.test(hook)
    hooks.receiver.bad.add(bad["id"])
    await hooks.send()
    began = hooks.codes.clock.now()
    for day in range(1, 5):
        await walk(hooks, began + day * DAY)
        await hooks.test(hook)
    await hooks.send()
    log = {delivery["id"]: delivery for delivery in await hooks.log(hook)}
    assert (log[bad["id"]]["status"], len(log[bad["id"]]["attempts"])) == ("failed", 10)
    assert [one["status"] for name, one in log.items() if name != bad["id"]] == ["delivered"] * 4
    seen = await hooks.look(hook)
    assert (seen["enabled"], seen["failing_since"]) == (True, None)
    assert await notices(hooks) == []


async def test_410_switches_it_off_at_once(hooks: Hooks) -> None:
    hook = await hooks.add()
    hooks.receiver.status = 410
    await hooks.test(hook)
    await hooks.send()
    seen = await hooks.look(hook)
    assert (seen["enabled"], seen["disabled_reason"]) == (False, "gone")
    assert (await the_only(hooks, hook))["status"] == "failed"
    assert len(await notices(hooks)) == 1


async def test_resending_begins_anew_with_the_same_message(hooks: Hooks) -> None:
    hook = await hooks.add()
    hooks.receiver.status = 500
    sent = await hooks.test(hook)
    path = f"{hooks.path}/{hook['id']}"
    await walk(hooks, hooks.codes.clock.now() + 4 * DAY)
    refused = await hooks.shop.creator.post(f"{path}/deliveries/{sent['id']}/resend")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    assert (await hooks.shop.creator.post(f"{path}/test")).json()["code"] == "webhook_disabled"

    assert (await hooks.shop.creator.ask("PATCH", path, {"enabled": True})).is_success
    before = len(hooks.receiver.received)
    again = await hooks.shop.creator.post(f"{path}/deliveries/{sent['id']}/resend")
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (202, sent["id"], "pending")
    assert len(again.json()["attempts"]) == 10
    await hooks.send()
    next_at = datetime.fromisoformat((await the_only(hooks, hook))["next_attempt_at"])
    assert next_at - hooks.codes.clock.now() < timedelta(seconds=6)  # the schedule began anew
    hooks.receiver.status = 200
    for _ in range(2):  # what was accepted can be sent again as well
        assert (await hooks.shop.creator.post(f"{path}/deliveries/{sent['id']}/resend")).status_code == 202
        await hooks.send()
    delivery = await the_only(hooks, hook)
    assert delivery["status"] == "delivered"
    assert [one["number"] for one in delivery["attempts"]] == list(range(1, 14))
    assert {(one.id, one.body) for one in hooks.receiver.received} == {(sent["id"], hooks.receiver.received[0].body)}
    assert len(hooks.receiver.received) == before + 3


async def test_switching_off_gives_up_what_waits(hooks: Hooks) -> None:
    hook = await hooks.add()
    hooks.receiver.status = 500
    await hooks.test(hook)
    await hooks.send()
    await hooks.shop.creator.ask("PATCH", f"{hooks.path}/{hook['id']}", {"enabled": False})
    assert (await the_only(hooks, hook))["status"] == "failed"
    assert (await hooks.codes.internal.next_due()).next_due_at is None
    assert await notices(hooks) == []


async def test_a_new_url_gets_what_waits(hooks: Hooks) -> None:
    hook = await hooks.add("/old")
    hooks.receiver.answers["/old"] = 500
    await hooks.test(hook)
    await hooks.send()
    await hooks.shop.creator.ask("PATCH", f"{hooks.path}/{hook['id']}", {"url": f"{hooks.receiver.url}/new"})
    hooks.codes.clock.advance(seconds=6)
    await hooks.send()
    assert [one.path for one in hooks.receiver.received] == ["/old", "/new"]


async def test_a_crash_between_sending_and_recording_sends_again_with_the_same_id(hooks: Hooks) -> None:
    hook = await hooks.add()
    state = hooks.codes.state
    await state.webhooks.stop()  # the process that dies is played here
    await hooks.test(hook)
    async with state.database.transaction() as session:
        (claimed,) = await claim_due(session, lane=HEALTHY, free=5, now=state.clock.now())
    async with Courier(anywhere=True, timeout_s=5) as courier:

        class Dies(Exception):
            pass

        class Dying(Courier):
            async def post(self, url: str, *, body: str, headers: dict[str, str]) -> None:  # type: ignore[override]
                await courier.post(url, body=body, headers=headers)
                raise Dies

        with pytest.raises(Dies):
            await attempt(
                state.database,
                claimed=claimed,
                courier=Dying(anywhere=True, timeout_s=5),
                sealer=state.sealer,
                clock=state.clock,
            )
    assert len(hooks.receiver.received) == 1
    assert (await the_only(hooks, hook))["attempts"] == []
    assert await state.webhooks.run_due() == 0  # still leased
    await hooks.rows("UPDATE webhook_deliveries SET claimed_until = clock_timestamp() - interval '1 ms'")  # 30 s later
    await state.webhooks.run_due(patience_s=5)
    one, two = hooks.receiver.received
    assert one.id == two.id == str(claimed.id)
    assert (await the_only(hooks, hook))["status"] == "delivered"

    # The dead process was only slow, and reports now: it has nothing to say any more.
    async with state.database.transaction() as session:
        await record(session, claimed=claimed, outcome=None, tried_at=state.clock.now())
    assert (await the_only(hooks, hook))["status"] == "delivered"


async def test_what_is_under_way_while_the_webhook_goes(hooks: Hooks) -> None:
    kept, gone = await hooks.add("/kept"), await hooks.add("/gone")
    hooks.receiver.hanging |= {"/kept", "/gone"}
    await hooks.test(kept)
    await hooks.test(gone)
    await hooks.arrived(2)
    await hooks.shop.creator.ask("PATCH", f"{hooks.path}/{kept['id']}", {"enabled": False})
    await hooks.shop.creator.ask("DELETE", f"{hooks.path}/{gone['id']}")
    hooks.receiver.released.set()
    await hooks.send()
    assert (await the_only(hooks, kept))["status"] == "delivered"  # it was, after all
    assert not (await hooks.look(kept))["enabled"]


async def test_no_secret_code_or_address_in_the_logs(
    hooks: Hooks, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    hook = await hooks.add("/path-with-a-token", events=["access_code.redeemed"])
    rotated = await hooks.shop.creator.made(f"{hooks.path}/{hook['id']}/rotate-secret", None)
    (code,) = await hooks.codes_of()
    hooks.receiver.status = 500
    await hooks.redeem(code)
    await hooks.tell()
    await walk(hooks, hooks.codes.clock.now() + 4 * DAY)
    shown = "-".join(code[place : place + 4] for place in range(0, 16, 4))
    assert shown.encode() in hooks.receiver.received[0].body
    logs = capsys.readouterr().out
    assert "webhook_tried" in logs
    assert "webhook_disabled" in logs
    everything = logs + "".join(record.getMessage() for record in caplog.records if record.name != "tests")
    for secret in (hook["secret"], rotated["secret"], code, shown):
        assert secret not in everything
    assert "path-with-a-token" not in logs


async def test_the_log_is_forgotten_in_time_and_what_waits_is_not(hooks: Hooks) -> None:
    hook = await hooks.add()
    await hooks.test(hook)
    await hooks.send()
    hooks.codes.clock.advance(days=29)
    hooks.receiver.status = 500
    young = await hooks.test(hook)
    await hooks.send()
    hooks.codes.clock.advance(days=1, hours=1)
    await hooks.codes.internal.run_due()
    assert [one["id"] for one in await hooks.log(hook)] == [young["id"]]
    await hooks.rows("UPDATE webhook_deliveries SET created_at = created_at - interval '90 days'")
    await hooks.codes.internal.run_due()
    assert [one["id"] for one in await hooks.log(hook)] == [young["id"]]


async def test_sealed_with_another_key_is_said_and_not_sent(hooks: Hooks) -> None:
    hook = await hooks.add()
    await hooks.rows("UPDATE webhook_endpoints SET secret_sealed = 'nonsense'::bytea")
    await hooks.test(hook)
    await hooks.send()
    assert (await the_only(hooks, hook))["attempts"][0]["error"] == "unsendable"
    assert hooks.receiver.received == []


async def test_jobs_next_round_sends_what_a_restart_left(codes: Codes, hooks: Hooks) -> None:
    hook = await hooks.add()
    await codes.state.webhooks.stop()
    await hooks.test(hook)
    assert hooks.receiver.received == []
    await codes.internal.run_due()
    assert len(hooks.receiver.received) == 1
