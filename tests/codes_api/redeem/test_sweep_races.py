"""Redemptions and revocations at the same moment as the sweep. Each guard has a negative control, which takes it out."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import cast
from uuid import UUID

import asyncpg
import pytest
from codes_api.codes import revoke
from codes_api.codes.errors import CodeExpiredError
from codes_api.codes.expire import expire_codes
from codes_api.codes.models import Batch
from codes_api.codes.redeem_claim import Claim
from codes_api.codes.redeem_statement import SHARED, statement
from codes_api.memberships.models import Membership
from shared.ids import new_id
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_world import NOW, World
from tests.support.races import meet, overlapping, until_waiting
from tests.support.redemptions import alone, give

DAY = timedelta(days=1)


async def sweep(session: AsyncSession) -> int:
    return await expire_codes(session, now=NOW + DAY)


async def test_redeeming_while_the_sweep_runs(world: World, claim: Claim | None) -> None:
    """Each code ends in one of two ways: redeemed with a membership, or a tombstone; never both, never neither."""
    plan_id = await world.plan()
    codes = [code for _ in range(20) for code in await world.codes(plan_id, 2, expires_in=DAY)]
    last = NOW + DAY - timedelta(microseconds=1)

    async def sweep_in_pieces() -> int:
        swept = 0
        for _ in range(20):
            async with world.database.transaction() as session:
                swept += await expire_codes(session, now=NOW + DAY, limit=3)
        return swept

    outcomes, first, second = await asyncio.gather(
        asyncio.gather(*(give(world, code, member, last, claim) for member, code in enumerate(codes))),
        sweep_in_pieces(),
        sweep_in_pieces(),
    )
    seen = Counter(outcomes)
    assert seen["redeemed"] + seen["code_expired"] == 40
    async with world.database.transaction() as session:
        rest = await expire_codes(session, now=NOW + DAY)
    assert seen["redeemed"] == await world.count(Membership) == 40 - first - second - rest
    assert seen["code_expired"] == await world.tombstones()
    counted = sum(event["quantity"] for event in await world.expired())
    assert counted == await world.tombstones()


@pytest.mark.parametrize("shared", [SHARED, ""])
async def test_a_sweep_leaves_a_batch_in_which_a_code_is_being_redeemed(world: World, shared: str) -> None:
    """Until it is known what comes of it. The negative control does not share the batch: the code is redeemed, and counted
    as expired as well."""
    batch = await world.batch(await world.plan(), 2, expires_in=DAY)
    code, _ = await world.codes_of(batch)

    async def redeeming(session: AsyncSession) -> None:
        await session.execute(text("SELECT"))  # begins the transaction
        raw = await (await session.connection()).get_raw_connection()
        given = (world.account_id, world.project_id, code, 1, NOW, new_id(), new_id(), None)
        assert await cast("asyncpg.Connection", raw.driver_connection).fetchrow(statement(shared=shared), *given)

    _, meanwhile = await meet(world.database, redeeming, sweep)
    async with world.database.transaction() as session:
        afterwards = await sweep(session)
    assert (meanwhile, afterwards) == ((0, 1) if shared else (2, 0))
    assert await world.tombstones() == 1


@pytest.mark.parametrize("shared", [SHARED, ""])
async def test_a_code_whose_batch_is_being_swept_is_expired(world: World, shared: str) -> None:
    """The redemption waits for the batch, and holds nothing meanwhile. The negative control does not ask for it, and
    redeems what is counted already."""
    code = await world.code(await world.plan(), expires_in=DAY)
    async with world.database.transaction() as session:
        assert await sweep(session) == 1
        late = asyncio.create_task(give(world, code, 1, claim=alone(world, statement(shared=shared))))
        if not shared:
            assert await late == "redeemed"
            return
        await until_waiting(world.database, 1)
        async with world.database.transaction() as third:
            await third.execute(text("SELECT FROM access_codes FOR UPDATE NOWAIT"))
    assert await late == "code_expired"
    assert await world.count(Membership) == 0


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_code_whose_batch_is_being_swept_is_not_revoked(
    world: World, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    code = await world.code(await world.plan(), expires_in=DAY)
    if not guarded:

        async def unshared(session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID) -> Batch:
            return await session.get_one(Batch, (account_id, project_id, batch_id))

        monkeypatch.setattr(revoke, "share_batch", unshared)

    async def revoking(session: AsyncSession) -> None:
        await revoke.revoke_code(session, **world.place, typed=code, now=NOW)

    swept, refusal = await overlapping(world.database, sweep, revoking)
    assert swept == 1
    assert isinstance(refusal, CodeExpiredError) == guarded
    assert await world.tombstones() == (1 if guarded else 0)


async def test_a_batch_is_revoked_or_swept(world: World) -> None:
    batch = await world.batch(await world.plan(), 2, expires_in=DAY)

    async def revoking(session: AsyncSession) -> int:
        return await revoke.revoke_batch(session, **world.place, batch_id=batch, now=NOW)

    assert await meet(world.database, sweep, revoking) == (2, 0)
    assert await world.tombstones() == 2
