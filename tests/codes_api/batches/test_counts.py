"""Counts of every batch's codes, for billing-api's audit."""

from uuid import UUID

import pytest
from codes_api.codes import count_batches as counting
from codes_api.codes.models import AccessCode
from shared.contracts.batches import BatchCount, BatchRef, CountBatches
from sqlalchemy import func, select, text

from tests.support.codes_api import Codes, Shop


async def _sql(codes: Codes, statement: str) -> None:
    async with codes.state.database.transaction() as session:
        await session.execute(text(statement))


async def _an_hour_passes(codes: Codes) -> None:
    """Every event was handed over, every batch got as far as it is, and that is an hour ago."""
    await _sql(codes, "UPDATE outbox SET published_at = now() - interval '61 minutes'")
    await _sql(codes, "UPDATE batches SET progressed_at = now() - interval '61 minutes'")


async def _count(codes: Codes, batch: BatchRef) -> BatchCount:
    (found,) = [one for one in await _all(codes) if one.batch_id == batch.batch_id]
    return found


async def _all(codes: Codes, **bounds: BatchRef) -> list[BatchCount]:
    return (await codes.internal.count_batches(CountBatches(**bounds))).data


def _numbers(count: BatchCount) -> tuple[int, int, int, bool]:
    return count.generated, count.existing, count.expired, count.in_flight


async def test_a_batch_from_its_request_to_its_expiry(codes: Codes, shop: Shop) -> None:
    queued = await shop.order(3, expiry={"preset": "1_day"})
    assert _numbers(await _count(codes, queued)) == (0, 0, 0, True)
    await _an_hour_passes(codes)
    assert _numbers(await _count(codes, queued)) == (0, 0, 0, False)
    await codes.internal.generate(queued)
    assert _numbers(await _count(codes, queued)) == (3, 3, 0, True)
    await _an_hour_passes(codes)
    assert _numbers(await _count(codes, queued)) == (3, 3, 0, True), "billing-api has not confirmed it"
    await codes.internal.mark_billed(queued)
    assert _numbers(await _count(codes, queued)) == (3, 3, 0, True), "the books may have been read before"
    await _an_hour_passes(codes)
    assert _numbers(await _count(codes, queued)) == (3, 3, 0, False)
    codes.clock.advance(days=2)
    await codes.internal.run_due()
    assert _numbers(await _count(codes, queued)) == (3, 0, 3, True)
    await _an_hour_passes(codes)
    assert _numbers(await _count(codes, queued)) == (3, 0, 3, False)
    codes.clock.advance(days=401)
    await codes.internal.run_due()
    async with codes.state.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(AccessCode)) == 0, "tombstones are not kept for ever"
    assert _numbers(await _count(codes, queued)) == (3, 0, 3, False)


async def test_a_code_that_is_gone_without_a_trace_shows(codes: Codes, shop: Shop) -> None:
    batch = await shop.ready(3)
    await _sql(codes, "DELETE FROM access_codes WHERE position = 1")
    assert _numbers(await _count(codes, batch))[:3] == (3, 2, 0)


async def test_pieces_are_bounded_and_in_order(codes: Codes, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await codes.shop(bot_id=2002)
    batches = sorted([await of.ready(1) for of in (shop, other, shop, other, shop)], key=_key)
    assert [_key(one) for one in await _all(codes)] == [_key(one) for one in batches]
    between = await _all(codes, after=batches[0], until=batches[3])
    assert [_key(one) for one in between] == [_key(one) for one in batches[1:4]]
    async with codes.state.database.transaction() as session:
        piece = await counting.count_batches(session, which=CountBatches(after=batches[1]), limit=2)
    assert ([_key(one) for one in piece.data], piece.more) == ([_key(one) for one in batches[2:4]], True)


def _key(batch: BatchRef) -> tuple[UUID, UUID]:
    return batch.account_id, batch.batch_id
