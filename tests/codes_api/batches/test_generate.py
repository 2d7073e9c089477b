"""Writing the codes: exactly the quantity, however often and however many ask."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from codes_api.codes import generate
from codes_api.codes.alphabet import check_symbol, new_code, well_typed
from codes_api.codes.expire import expire_codes
from codes_api.codes.generate import generate_batch, mark_generating, write_codes
from codes_api.codes.generate_statement import GENERATE, NOT_YET_READY
from codes_api.codes.models import AccessCode
from codes_api.codes.redeem import redeem
from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchRef, BatchStatus, GenerationResult
from shared.errors import RemoteProblem
from shared.ids import new_id
from shared.outbox import CHANNEL
from sqlalchemy import select, text

from tests.support.codes_api import Codes, Shop
from tests.support.codes_world import World
from tests.support.races import until_waiting

QUEUED: dict[str, Any] = {"status": "queued", "generated_at": None}


async def _queued(world: World, quantity: int, plan_id: UUID | None = None) -> UUID:
    """A batch without codes."""
    batch_id = await world.batch(plan_id or await world.plan(), 1, **QUEUED)
    await world.rows("DELETE FROM access_codes WHERE batch_id = :batch", batch=batch_id)
    await world.rows(
        "UPDATE batches SET quantity = :quantity, included = :quantity WHERE id = :batch", quantity=quantity, batch=batch_id
    )
    return batch_id


async def _generate(world: World, batch_id: UUID) -> GenerationResult:
    return await generate_batch(world.database, account_id=world.account_id, batch_id=batch_id, now=world.now)


async def test_a_thousand_codes_all_different_and_well_typed(world: World) -> None:
    batch_id = await _queued(world, 1000)
    result = await _generate(world, batch_id)
    assert (result.status, result.generated) == (BatchStatus.READY, 1000)
    codes = await world.codes_of(batch_id)
    assert len(set(codes)) == 1000
    assert all(well_typed(code) for code in codes)
    positions = await world.rows("SELECT position FROM access_codes ORDER BY position")
    assert [position for (position,) in positions] == list(range(1000))
    assert await world.one("SELECT generated_at FROM batches") == world.now


async def test_who_waits_for_the_batch(world: World) -> None:
    """A chat that is linked, an endpoint that is enabled; those of a neighbour do not count. Asked again, the same is said."""
    for owner, waits in ((await world.another(), True), (world, False)):
        await owner.bot()
        if waits:
            await owner.rows("UPDATE bots SET owner_chat_id = 7, owner_link_used = true WHERE account_id = :account")
            await owner.rows(
                "INSERT INTO webhook_endpoints (account_id, project_id, id, url, events, secret_sealed, created_at)"
                " VALUES (:account, :project, gen_random_uuid(), 'https://example.com', '{batch.ready}', 'x', now())"
            )
        batch_id = await _queued(owner, 1)
        for _ in range(2):
            assert (await _generate(owner, batch_id)).chat_known is waits
        told = [{"batch_id": str(batch_id), "tell_only": True}] if waits else []
        assert await owner.events("batch.generated") == told


async def test_the_relay_is_woken_for_the_event(world: World) -> None:
    await world.rows(
        "INSERT INTO webhook_endpoints (account_id, project_id, id, url, events, secret_sealed, created_at)"
        " VALUES (:account, :project, gen_random_uuid(), 'https://example.com', '{batch.ready}', 'x', now())"
    )
    batch_id = await _queued(world, 1)
    woken = asyncio.Event()
    listening = await asyncpg.connect(
        world.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        await listening.add_listener(CHANNEL, lambda *_: woken.set())
        await _generate(world, batch_id)
        async with asyncio.timeout(10):
            await woken.wait()
    finally:
        await listening.close()


async def test_a_creator_sees_that_a_worker_is_at_it(world: World) -> None:
    batch_id = await _queued(world, 2)
    for _ in range(2):
        assert await mark_generating(world.database, account_id=world.account_id, batch_id=batch_id) == 2
        assert await world.one("SELECT status FROM batches") == "generating"
    await _generate(world, batch_id)
    assert await mark_generating(world.database, account_id=world.account_id, batch_id=batch_id) is None
    assert await world.one("SELECT status FROM batches") == "ready"


async def test_generating_again_changes_nothing(world: World) -> None:
    batch_id = await _queued(world, 5)
    first = await _generate(world, batch_id)
    codes = await world.codes_of(batch_id)
    assert await _generate(world, batch_id) == first
    assert await world.codes_of(batch_id) == codes


async def test_many_workers_at_once_over_http(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(50)
    results = await asyncio.gather(*(codes.internal.generate(batch) for _ in range(8)))
    assert {(result.status, result.generated) for result in results} == {(BatchStatus.READY, 50)}
    async with codes.state.database.transaction() as session:
        assert len((await session.execute(select(AccessCode.code))).scalars().all()) == 50
    assert (await shop.look(batch))["counts"]["unredeemed"] == 50


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the guard"])
async def test_two_workers_and_no_primary_key_to_help(world: World, *, guarded: bool) -> None:
    """The key (batch, position) is the second net; it is taken away to see what the batch's row alone holds."""
    batch_id = await _queued(world, 7)
    await world.rows("ALTER TABLE access_codes DROP CONSTRAINT pk_access_codes")
    statement = GENERATE if guarded else GENERATE.replace(NOT_YET_READY, "TRUE")
    assert guarded or statement != GENERATE
    async with world.database.transaction() as gate:
        await gate.execute(text("SELECT FROM batches FOR UPDATE"))
        work = [
            asyncio.create_task(
                write_codes(
                    world.database,
                    account_id=world.account_id,
                    batch_id=batch_id,
                    quantity=7,
                    now=world.now,
                    statement=statement,
                )
            )
            for _ in range(2)
        ]
        await until_waiting(world.database, 2)
    done = await asyncio.gather(*work)
    assert sorted(done, key=str) == ([False, None] if guarded else [False, False])
    assert await world.count(AccessCode) == (7 if guarded else 14)


@pytest.mark.parametrize("taken", ["open", "redeemed", "a tombstone", "drawn twice"])
async def test_codes_that_collide_are_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch, taken: str) -> None:
    plan_id = await world.plan()
    code = new_code()
    if taken != "drawn twice":
        code = await world.code(plan_id, expires_in=timedelta(days=1))
    if taken == "redeemed":
        await redeem(world.database, **world.place, typed=code, telegram_id=1, now=world.now)
    elif taken == "a tombstone":
        async with world.database.transaction() as session:
            assert await expire_codes(session, now=world.now + timedelta(days=1)) == 1
    good = [new_code(), new_code()]
    draws = iter([[code, code] if taken == "drawn twice" else [new_code(), code]] * 2 + [good])
    monkeypatch.setattr(generate, "new_codes", lambda _: next(draws))
    batch_id = await _queued(world, 2, plan_id)
    assert (await _generate(world, batch_id)).generated == 2
    assert await world.codes_of(batch_id) == good
    assert next(draws, None) is None


async def test_the_same_code_may_be_in_two_projects(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    neighbour = await world.another()
    same = "0" * 15
    same += check_symbol(same)
    monkeypatch.setattr(generate, "new_codes", lambda number: [same] * number)
    for place in (world, neighbour):
        batch_id = await _queued(place, 1)
        await _generate(place, batch_id)
        assert await place.codes_of(batch_id) == [same]


async def test_codes_that_never_differ_leave_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    same = new_code()
    monkeypatch.setattr(generate, "new_codes", lambda number: [same] * number)
    batch_id = await _queued(world, 2)
    with pytest.raises(generate.GenerationStuckError):
        await _generate(world, batch_id)
    assert await world.codes_of(batch_id) == []
    assert await world.one("SELECT status FROM batches") == "generating"


async def test_an_account_that_was_locked_meanwhile(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(3)
    await codes.internal.put_entitlements(codes.billing.change(shop.creator.key, standing=Standing.LOCKED))
    for _ in range(2):
        result = await codes.internal.generate(batch)
        assert (result.status, result.generated) == (BatchStatus.FAILED, 0)
    seen = await shop.look(batch)
    assert (seen["status"], seen["generated"], sum(seen["counts"].values())) == ("failed", 0, 0)
    place = World(codes.state.database, shop.creator.account_id, shop.project_id)
    assert await place.events("batch.failed") == [{"batch_id": str(batch.batch_id)}]
    (notice,) = await place.events("creator.notice_requested")
    assert (notice["kind"], notice["project_id"]) == ("batch_failed", str(shop.project_id))
    with pytest.raises(RemoteProblem) as refused:
        await codes.internal.mark_billed(batch)
    assert refused.value.problem_code == "batch_not_ready"


async def test_a_batch_whose_expiry_passed_in_the_queue_is_generated_for_the_sweep(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(2, expiry={"preset": "1_day"})
    codes.clock.advance(days=2)
    await codes.internal.generate(batch)
    await codes.internal.mark_billed(batch)
    seen = await shop.look(batch)
    assert (seen["status"], seen["counts"]["expired"], seen["counts"]["unredeemed"]) == ("ready", 2, 0)
    await codes.internal.run_due()
    place = World(codes.state.database, shop.creator.account_id, shop.project_id)
    assert [event["quantity"] for event in await place.expired()] == [2]
    assert (await shop.look(batch))["counts"] == seen["counts"]


async def test_a_batch_of_another_account(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(1)
    other = BatchRef(account_id=new_id(), batch_id=batch.batch_id)
    for call in (codes.internal.generate, codes.internal.mark_billed, codes.internal.claim_delivery):
        with pytest.raises(RemoteProblem) as refused:
            await call(other)
        assert refused.value.problem_code == "not_found"
