"""Writing the codes: exactly the quantity, however often and however many ask."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from codes_api.codes import generate
from codes_api.codes.alphabet import check_symbol, new_code, well_typed
from codes_api.codes.expire import expire_codes
from codes_api.codes.generate import generate_batch, mark_generating
from codes_api.codes.models import AccessCode, Batch
from codes_api.codes.redeem import redeem
from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchRef, BatchStatus, GenerationResult
from shared.db import Database
from shared.errors import RemoteProblem
from shared.ids import new_id
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_api import Codes, Shop
from tests.support.codes_world import World
from tests.support.races import overlapping

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
    async with world.database.transaction() as session:
        return await generate_batch(session, account_id=world.account_id, batch_id=batch_id, now=world.now)


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
    payload = {"batch_id": str(batch_id), "chat_known": False, "webhooks": False}
    assert await world.events("batch.generated") == [payload]


async def test_the_event_says_who_waits_for_the_batch(world: World) -> None:
    """A chat that is linked, an endpoint that is enabled; those of a neighbour do not count."""
    for owner, waits in ((await world.another(), True), (world, False)):
        await owner.bot()
        if waits:
            await owner.rows("UPDATE bots SET owner_chat_id = 7, owner_link_used = true WHERE account_id = :account")
            await owner.rows(
                "INSERT INTO webhook_endpoints (account_id, project_id, id, url, events, secret_sealed, created_at)"
                " VALUES (:account, :project, gen_random_uuid(), 'https://example.com', '{batch.ready}', 'x', now())"
            )
        batch_id = await _queued(owner, 1)
        await _generate(owner, batch_id)
        assert await owner.events("batch.generated") == [{"batch_id": str(batch_id), "chat_known": waits, "webhooks": waits}]


async def test_a_creator_sees_that_a_worker_is_at_it(world: World) -> None:
    batch_id = await _queued(world, 2)
    for _ in range(2):
        async with world.database.transaction() as session:
            await mark_generating(session, account_id=world.account_id, batch_id=batch_id)
        assert await world.one("SELECT status FROM batches") == "generating"
    await _generate(world, batch_id)
    async with world.database.transaction() as session:
        await mark_generating(session, account_id=world.account_id, batch_id=batch_id)
    assert await world.one("SELECT status FROM batches") == "ready"


async def test_generating_again_changes_nothing(world: World) -> None:
    batch_id = await _queued(world, 5)
    first = await _generate(world, batch_id)
    codes = await world.codes_of(batch_id)
    assert await _generate(world, batch_id) == first
    assert await world.codes_of(batch_id) == codes
    assert len(await world.events("batch.generated")) == 1


async def test_only_what_is_missing_is_written(world: World) -> None:
    """It can't happen while one transaction writes all; it would be right all the same."""
    batch_id = await _queued(world, 5)
    await _generate(world, batch_id)
    before = await world.codes_of(batch_id)
    await world.rows("DELETE FROM access_codes WHERE position IN (1, 3)")
    await world.rows("UPDATE batches SET status = 'generating', generated_at = NULL")
    await _generate(world, batch_id)
    after = await world.codes_of(batch_id)
    assert len(after) == 5
    assert [after[place] for place in (0, 2, 4)] == [before[place] for place in (0, 2, 4)]


async def test_many_workers_at_once_over_http(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(50)
    results = await asyncio.gather(*(codes.internal.generate(batch) for _ in range(8)))
    assert {(result.status, result.generated) for result in results} == {(BatchStatus.READY, 50)}
    async with codes.state.database.transaction() as session:
        assert len((await session.execute(select(AccessCode.code))).scalars().all()) == 50
    assert (await shop.look(batch))["counts"]["unredeemed"] == 50


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the lock"])
async def test_two_workers_and_no_primary_key_to_help(
    codes_database: Database, world: World, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """The key (batch, position) is the second net; it is taken away to see what the lock alone holds."""
    batch_id = await _queued(world, 7)
    await world.rows("ALTER TABLE access_codes DROP CONSTRAINT pk_access_codes")
    if not guarded:

        async def unlocked(session: AsyncSession, *, account_id: UUID, batch_id: UUID) -> Batch:
            return (await session.execute(select(Batch).where(Batch.account_id == account_id, Batch.id == batch_id))).scalar_one()

        monkeypatch.setattr(generate, "lock_batch", unlocked)

    async def work(session: AsyncSession) -> GenerationResult:
        return await generate_batch(session, account_id=world.account_id, batch_id=batch_id, now=world.now)

    first, second = await overlapping(codes_database, work, work)
    assert first == second
    assert await world.count(AccessCode) == (7 if guarded else 14)
    assert len(await world.events("batch.generated")) == (1 if guarded else 2)


async def test_codes_that_collide_are_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_id = await world.plan()
    present, redeemed = await world.codes(plan_id, 2)
    await redeem(world.database, **world.place, typed=redeemed, telegram_id=1, now=world.now)
    twice = new_code()
    # The first draw fails as a whole; of the second, what is good stays; only the rest is drawn a third time.
    drawn: Iterator[str] = iter([present, redeemed, twice, twice] * 2)
    monkeypatch.setattr(generate, "new_codes", lambda number: [next(drawn, None) or new_code() for _ in range(number)])

    batch_id = await _queued(world, 4, plan_id)
    assert (await _generate(world, batch_id)).generated == 4
    codes = await world.codes_of(batch_id)
    assert len(set(codes)) == 4
    assert twice in codes
    assert not {present, redeemed} & set(codes)


async def test_a_code_of_a_tombstone_is_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_id = await world.plan()
    buried = await world.code(plan_id, expires_in=timedelta(days=1))
    async with world.database.transaction() as session:
        assert await expire_codes(session, now=world.now + timedelta(days=1)) == 1
    kept = new_code()
    drawn: Iterator[str] = iter([kept, buried] * 2)
    monkeypatch.setattr(generate, "new_codes", lambda number: [next(drawn, None) or new_code() for _ in range(number)])
    batch_id = await _queued(world, 2, plan_id)
    await _generate(world, batch_id)
    codes = await world.codes_of(batch_id)
    assert (codes[0], len(codes)) == (kept, 2)
    assert buried not in codes


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
    assert await world.one("SELECT status FROM batches") == "queued"


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
    assert [event["quantity"] for event in await place.events("access_codes.expired")] == [2]
    assert (await shop.look(batch))["counts"] == seen["counts"]


async def test_a_batch_of_another_account(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(1)
    other = BatchRef(account_id=new_id(), batch_id=batch.batch_id)
    for call in (codes.internal.generate, codes.internal.mark_billed, codes.internal.claim_delivery):
        with pytest.raises(RemoteProblem) as refused:
            await call(other)
        assert refused.value.problem_code == "not_found"
