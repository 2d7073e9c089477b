"""What creators are told of what happens."""

from datetime import timedelta
from uuid import UUID

from tests.codes_api.webhooks.conftest import Hooks
from tests.support.webhook_receiver import Received

TYPES = {
    "access_codes.generated",
    "access_code.redeemed",
    "access_code.expired",
    "membership.activated",
    "membership.ended",
}


def by_type(received: list[Received], secret: str) -> dict[str, dict[str, object]]:
    messages = [one.verified(secret) for one in received]
    found = {message["type"]: message for message in messages}
    assert len(found) == len(messages)
    return found


async def test_the_whole_story_verified_by_the_library(hooks: Hooks) -> None:
    hook = await hooks.add()
    assert set(hook["events"]) == TYPES
    code, _ = await hooks.codes_of(2, label="Spring", expiry={"preset": "1_week"})
    batch = (await hooks.rows("SELECT id, plan_id, expires_at FROM batches"))[0]
    membership = await hooks.redeem(code, 700)
    await hooks.tell()

    told = by_type(hooks.receiver.received, hook["secret"])
    place = {"project_id": str(hooks.shop.project_id), "plan_id": str(batch[1])}
    assert told["access_codes.generated"]["data"] == {
        **place,
        "batch_id": str(batch[0]),
        "label": "Spring",
        "quantity": 2,
        "expires_at": batch[2].isoformat().replace("+00:00", "Z"),
    }
    ((starts_at, ends_at),) = await hooks.rows("SELECT starts_at, ends_at FROM memberships")
    start, end = (moment.isoformat().replace("+00:00", "Z") for moment in (starts_at, ends_at))
    shown = "-".join(code[place : place + 4] for place in range(0, 16, 4))
    member = {**place, "membership_id": str(membership), "telegram_id": 700}
    assert told["access_code.redeemed"]["data"] == {**member, "batch_id": str(batch[0]), "code": shown, "redeemed_at": start}
    assert told["access_code.redeemed"]["timestamp"] == start
    activated = {**member, "extended": False, "starts_at": start, "ends_at": end}
    assert told["membership.activated"]["data"] == activated

    hooks.receiver.received.clear()
    hooks.codes.clock.advance(days=40)
    await hooks.codes.internal.run_due()
    await hooks.tell()
    told = by_type(hooks.receiver.received, hook["secret"])
    assert told["access_code.expired"]["data"]["quantity"] == 1  # type: ignore[index]
    ended = {**member, "reason": "ended", "starts_at": start, "ended_at": end}
    assert told["membership.ended"]["data"] == ended
    assert set(told) == {"access_code.expired", "membership.ended"}


async def test_an_extension_says_what_it_gave_however_late_it_is_told(hooks: Hooks) -> None:
    hook = await hooks.add(events=["membership.activated"])
    for code in await hooks.codes_of(3):
        await hooks.redeem(code)
    await hooks.tell()
    data = [one.verified(hook["secret"])["data"] for one in hooks.receiver.received]
    data.sort(key=lambda one: one["ends_at"])
    assert [one["extended"] for one in data] == [False, True, True]
    assert len({one["ends_at"] for one in data}) == 3
    ((ends_at,),) = await hooks.rows("SELECT ends_at FROM memberships")
    assert data[-1]["ends_at"] == ends_at.isoformat().replace("+00:00", "Z")


async def test_a_cancelled_membership_has_ended(hooks: Hooks) -> None:
    hook = await hooks.add(events=["membership.ended"])
    (code,) = await hooks.codes_of()
    membership = await hooks.redeem(code)
    for _ in range(2):  # twice is once
        assert (await hooks.shop.creator.ask("DELETE", f"{hooks.shop.path}/memberships/{membership}")).is_success
    await hooks.tell()
    (one,) = hooks.receiver.received
    data = one.verified(hook["secret"])["data"]
    assert (data["reason"], UUID(data["membership_id"])) == ("cancelled", membership)


async def test_a_lapsed_membership_that_a_redemption_finds_has_ended_once(hooks: Hooks) -> None:
    hook = await hooks.add(events=["membership.ended", "membership.activated"])
    first, second = await hooks.codes_of(2)
    lapsed = await hooks.redeem(first)
    hooks.codes.clock.advance(timedelta(days=60))
    assert await hooks.redeem(second) != lapsed  # before any sweep
    await hooks.codes.internal.run_due()
    await hooks.tell()
    ended = [one.verified(hook["secret"]) for one in hooks.receiver.received if b"membership.ended" in one.body]
    assert [message["data"]["membership_id"] for message in ended] == [str(lapsed)]


async def test_only_what_is_subscribed_and_only_in_this_project(hooks: Hooks) -> None:
    await hooks.add("/generated", events=["access_codes.generated"])
    await hooks.add("/ended", events=["membership.ended"])
    other = (await hooks.shop.creator.made("/projects", {"name": "Other"}))["id"]
    await hooks.shop.creator.made(f"/projects/{other}/webhooks", {"url": f"{hooks.receiver.url}/other"})
    (code,) = await hooks.codes_of()
    await hooks.redeem(code)
    await hooks.tell()
    assert {one.path for one in hooks.receiver.received} == {"/generated"}


async def test_a_neighbour_hears_nothing(hooks: Hooks) -> None:
    neighbour = await hooks.codes.shop(bot_id=2002)
    await neighbour.creator.made(f"{neighbour.path}/webhooks", {"url": f"{hooks.receiver.url}/neighbour"})
    await hooks.codes_of()
    await hooks.tell()
    assert hooks.receiver.received == []


async def test_events_that_creators_are_not_told_of(hooks: Hooks) -> None:
    hook = await hooks.add()
    await hooks.tell()  # bot.connected and the like
    assert await hooks.log(hook) == []


async def test_an_event_handed_over_twice_is_told_once(hooks: Hooks) -> None:
    hook = await hooks.add()
    (code,) = await hooks.codes_of()
    await hooks.redeem(code)
    for _ in range(3):
        hooks.handed_over.clear()
        await hooks.tell()
    assert len(await hooks.log(hook)) == len(hooks.receiver.received) == 3
    assert len({one.id for one in hooks.receiver.received}) == 3
