"""Who sends what: each message by one worker, and no endpoint in the way of another."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from codes_api.webhooks import claim as claiming
from codes_api.webhooks.claim import LEASE_S, LOCKED, Claimed, Lane, claim_due
from codes_api.webhooks.models import WebhookDelivery, WebhookEndpoint
from codes_api.webhooks.sender import FAILING, HEALTHY
from shared.ids import new_id
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.codes_api.webhooks.conftest import Hooks
from tests.support.codes_world import NOW, World
from tests.support.races import overlapping

ALL = Lane(failing=False, abreast=1000, places=1000)


async def endpoint(world: World, *, messages: int, due: timedelta = timedelta(0), **columns: Any) -> UUID:
    """An endpoint with that many messages that are due one after the other."""
    endpoint_id = new_id()
    async with world.database.transaction() as session:
        values = {"url": "https://x.example", "events": ["membership.ended"], "secret_sealed": b"s", "enabled": True}
        session.add(WebhookEndpoint(**world.place, id=endpoint_id, created_at=NOW, **{**values, **columns}))
        await session.flush()
        row = {**world.place, "endpoint_id": endpoint_id, "type": "membership.ended", "body": "{}", "created_at": NOW}
        rows = [
            {
                **row,
                "id": new_id(),
                "event_id": new_id(),
                "status": "pending",
                "next_attempt_at": NOW - due + timedelta(microseconds=number),
            }
            for number in range(messages)
        ]
        await session.execute(insert(WebhookDelivery), rows)
    return endpoint_id


async def claim(world: World, lane: Lane = ALL, free: int = 1000, **changes: Any) -> Sequence[Claimed]:
    async with world.database.transaction() as session:
        return await claim_due(session, lane=lane, free=free, now=NOW + timedelta(hours=1), **changes)


def by_endpoint(claimed: Sequence[Claimed]) -> Counter[UUID]:
    return Counter(one.endpoint_id for one in claimed)


async def two_at_once(world: World, **changes: Any) -> list[UUID]:
    """Two workers whose transactions overlap; what they claimed together."""

    async def work(session: AsyncSession) -> Sequence[Claimed]:
        return await claim_due(session, lane=ALL, free=10, now=NOW + timedelta(hours=1), **changes)

    one, other = await overlapping(world.database, work, work)
    assert not isinstance(other, BaseException), other
    return [claimed.id for claimed in (*one, *other)]


async def test_two_workers_claim_each_message_once(world: World) -> None:
    await endpoint(world, messages=10)
    claimed = await two_at_once(world)
    assert len(claimed) == len(set(claimed)) == 10


async def test_without_the_lock_they_claim_the_same(world: World) -> None:
    await endpoint(world, messages=10)
    claimed = await two_at_once(world, locked="")
    assert (len(claimed), len(set(claimed))) == (20, 10)


async def test_many_workers(world: World) -> None:
    for _ in range(5):
        await endpoint(world, messages=20)
    claimed = [one.id for some in await asyncio.gather(*(claim(world, free=7) for _ in range(25))) for one in some]
    assert len(claimed) == len(set(claimed))
    rest = [one.id for one in await claim(world)]
    assert len({*claimed, *rest}) == len(claimed) + len(rest) == 100


async def test_the_lease_keeps_others_away_until_it_runs_out(world: World) -> None:
    await endpoint(world, messages=3)
    (first,) = await claim(world, free=1)
    assert len(await claim(world)) == 2
    assert await claim(world) == []
    lasts = await world.one("SELECT extract(epoch FROM claimed_until - clock_timestamp()) FROM webhook_deliveries LIMIT 1")
    assert LEASE_S - 5 < lasts <= LEASE_S
    await world.rows("UPDATE webhook_deliveries SET claimed_until = clock_timestamp() WHERE id = :id", id=first.id)
    (again,) = await claim(world)
    assert (again.id, again.body) == (first.id, first.body)
    assert again.claim != first.claim


async def test_without_a_lease_the_next_worker_takes_what_is_under_way(world: World) -> None:
    await endpoint(world, messages=3)
    claimed = [one.id for _ in range(2) for one in await claim(world, lease_s=0)]
    assert (len(claimed), len(set(claimed))) == (6, 3)


async def test_a_backlog_takes_nobody_elses_turn(world: World) -> None:
    busy = await endpoint(world, messages=500, due=timedelta(minutes=9))
    quiet = await endpoint(world, messages=1)
    neighbour = await endpoint(await world.another(), messages=3)
    assert by_endpoint(await claim(world, HEALTHY, 20)) == {busy: 2, quiet: 1, neighbour: 2}
    assert by_endpoint(await claim(world, HEALTHY, 20)) == {}  # two are under way, more than two at once never are
    await world.rows("UPDATE webhook_deliveries SET status = 'delivered', delivered_at = :now, next_attempt_at = NULL,"
                     " claim = NULL, claimed_until = NULL WHERE claim IS NOT NULL", now=NOW)  # fmt: skip
    assert by_endpoint(await claim(world, HEALTHY, 20)) == {busy: 2, neighbour: 1}


async def test_the_earliest_first_and_nothing_before_its_time(world: World) -> None:
    endpoint_id = await endpoint(world, messages=5)
    async with world.database.transaction() as session:
        some = await claim_due(session, lane=ALL, free=2, now=NOW + timedelta(microseconds=2))
        rest = await claim_due(session, lane=ALL, free=9, now=NOW + timedelta(microseconds=2))
    order = await world.rows("SELECT id FROM webhook_deliveries WHERE endpoint_id = :e ORDER BY next_attempt_at", e=endpoint_id)
    assert {one.id for one in some} == {row[0] for row in order[:2]}
    assert [one.id for one in rest] == [order[2][0]]


async def test_what_failed_last_time_has_a_lane_of_its_own(world: World) -> None:
    well = await endpoint(world, messages=5)
    ill = [await endpoint(world, messages=5, failing_since=NOW) for _ in range(3)]
    assert by_endpoint(await claim(world, FAILING, 5)) == dict.fromkeys(ill, 1)
    assert by_endpoint(await claim(world, FAILING, 5)) == {}
    assert by_endpoint(await claim(world, HEALTHY, 20)) == {well: 2}


async def test_a_claim_reads_no_backlog(world: World) -> None:
    """With many messages waiting the planner goes from endpoint to endpoint by the index."""
    for _ in range(3):
        await endpoint(world, messages=3000, due=timedelta(minutes=1))
    await world.rows("ANALYZE webhook_deliveries, webhook_endpoints")
    values = {"failing": "false", "now": f"'{NOW.isoformat()}'::timestamptz", "abreast": 2, "free": 20, "lease_s": 30}
    sql = claiming._TEMPLATE.replace("<locked>", LOCKED)
    for name, value in {**values, "claim": f"'{new_id()}'::uuid"}.items():
        sql = re.sub(rf"(?<!:):{name}\b", str(value), sql)
    async with world.database.transaction() as session:
        connection = await session.connection()
        plan = "\n".join(
            row[0] for row in await connection.execute(text(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}".replace(":", r"\:")))
        )
    assert "Seq Scan on webhook_deliveries" not in plan
    assert "ix_webhook_deliveries_waiting" in plan
    most = max(int(float(number)) for number in re.findall(r"rows=([\d.]+)", plan))
    assert most < 100, plan


async def test_a_receiver_that_hangs_holds_up_nobody(hooks: Hooks) -> None:
    """The hanging ones are never let go here, and everything else arrives all the same."""
    slow = [await hooks.add(f"/hanging/{number}") for number in range(4)]
    good = await hooks.add("/good")
    hooks.receiver.hanging |= {f"/hanging/{number}" for number in range(4)}
    for hook in slow:
        for _ in range(5):
            await hooks.test(hook)
    for _ in range(20):
        await hooks.test(good)
    async with asyncio.timeout(8):  # before any of them times out
        while len(hooks.receiver.at("/good")) < 20:  # the server has no event for it
            await asyncio.sleep(0.01)
    assert len({one.id for one in hooks.receiver.at("/good")}) == 20
    assert max(Counter(one.path for one in hooks.receiver.received if one.path != "/good").values()) == 2


@pytest.mark.parametrize("status", [200, 500])
async def test_two_services_on_one_database_send_each_message_once(hooks: Hooks, status: int) -> None:
    """A second process beside the running one."""
    from codes_api.webhooks.courier import Courier  # noqa: PLC0415
    from codes_api.webhooks.sender import Sender  # noqa: PLC0415

    hooks.receiver.status = status
    hook = await hooks.add()
    state = hooks.codes.state
    async with Courier(anywhere=True, timeout_s=5) as courier:
        second = Sender(state.database, clock=state.clock, sealer=state.sealer, courier=courier)
        await second.start()
        for _ in range(15):
            await hooks.test(hook)
            await second.wake()
        async with asyncio.timeout(60):
            while len({one.id for one in hooks.receiver.received}) < 15:
                await second.run_due(patience_s=1)
                await state.webhooks.run_due(patience_s=1)
        await second.stop()
    firsts = Counter(one.id for one in hooks.receiver.received)
    assert len(firsts) == 15
    assert set(firsts.values()) == {1}
