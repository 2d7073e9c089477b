"""Delivering: a lease for one at a time, progress that never goes back, codes that are passed over."""

from uuid import UUID, uuid4

import pytest
from codes_api.codes import delivery
from codes_api.codes.delivery import Claimed, claim_delivery
from codes_api.codes.delivery_errors import DeliveryLeasedError
from codes_api.codes.models import Batch
from shared.contracts.batches import BatchRef, DeliveryClaim, DeliveryMethod, ReportDelivery
from shared.db import raw_asyncpg
from shared.errors import RemoteProblem
from sqlalchemy import select, text
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_api import Codes, Shop
from tests.support.races import overlapping


async def _sql(codes: Codes, statement: str) -> None:
    async with codes.state.database.transaction() as session:
        await session.execute(text(statement))


async def _rows(codes: Codes, statement: str) -> list[tuple[object, ...]]:
    async with codes.state.database.transaction() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def _lease_runs_out(codes: Codes) -> None:
    await _sql(codes, "UPDATE batches SET leased_until = clock_timestamp()")


def _report(claim: DeliveryClaim, delivered: int, *message_ids: int) -> ReportDelivery:
    return ReportDelivery(lease=claim.lease, delivered=delivered, message_ids=list(message_ids))


async def _why_not(codes: Codes, batch: BatchRef) -> tuple[int, str]:
    with pytest.raises(RemoteProblem) as refused:
        await codes.internal.claim_delivery(batch)
    return refused.value.problem_status, refused.value.problem_code


async def test_who_has_to_wait(codes: Codes) -> None:
    shop = await codes.shop(linked=None)
    batch = await shop.order(2)
    assert await _why_not(codes, batch) == (409, "delivery_waiting")  # not generated
    await codes.internal.generate(batch)
    await shop.link_chat(1)
    assert await _why_not(codes, batch) == (409, "delivery_waiting")  # not billed
    await codes.internal.mark_billed(batch)
    await codes.internal.mark_billed(batch)
    assert (await shop.look(batch))["delivery"] == "waiting"
    await codes.internal.claim_delivery(batch)
    assert (await shop.look(batch))["delivery"] == "sending"
    assert await _why_not(codes, batch) == (409, "delivery_leased")


async def test_no_chat_no_delivery(codes: Codes) -> None:
    shop = await codes.shop(linked=None)
    assert await _why_not(codes, await shop.ready(2)) == (409, "delivery_waiting")


async def test_a_retry_goes_on_where_the_last_one_stopped(codes: Codes, shop: Shop) -> None:
    batch, first = await shop.claimed(3)
    await codes.internal.report_delivery(batch, _report(first, 1, 11))
    await _lease_runs_out(codes)

    second = await codes.internal.claim_delivery(batch)
    assert [code.position for code in second.codes] == [1, 2]
    for call in (codes.internal.report_delivery, codes.internal.release_delivery):
        with pytest.raises(RemoteProblem) as lost:
            await call(batch, _report(first, 2, 12))
        assert (lost.value.problem_status, lost.value.problem_code) == (409, "delivery_lease_lost")
    await codes.internal.report_delivery(batch, _report(second, 3, 12, 13))

    seen = await shop.look(batch)
    assert (seen["delivery"], seen["delivered"]) == ("delivered", 3)
    assert await _rows(codes, "SELECT first, last, message_id FROM deliveries ORDER BY first") == [
        (0, 0, 11),
        (1, 1, 12),
        (2, 2, 13),
    ]
    assert await _why_not(codes, batch) == (409, "delivery_done")


async def test_a_lease_that_ran_out_is_still_its_holders_until_somebody_takes_it(codes: Codes, shop: Shop) -> None:
    batch, claim = await shop.claimed(2)
    await _lease_runs_out(codes)
    await codes.internal.report_delivery(batch, _report(claim, 1, 11))
    assert await _why_not(codes, batch) == (409, "delivery_leased")


async def test_reports_can_be_repeated_and_never_go_back(codes: Codes, shop: Shop) -> None:
    batch, claim = await shop.claimed(3)
    for delivered in (2, 2, 1, 0):
        await codes.internal.report_delivery(batch, _report(claim, delivered, *range(delivered)))
        assert (await shop.look(batch))["delivered"] == 2
    for _ in range(2):  # the answer to the last report got lost
        await codes.internal.report_delivery(batch, _report(claim, 3, 13))
    assert (await shop.look(batch))["delivery"] == "delivered"
    assert len(await _rows(codes, "SELECT first FROM deliveries")) == 3
    with pytest.raises(RemoteProblem) as lost:
        await codes.internal.report_delivery(batch, ReportDelivery(lease=uuid4(), delivered=3))
    assert lost.value.problem_code == "delivery_lease_lost"


async def test_more_delivered_than_there_is(codes: Codes, shop: Shop) -> None:
    batch, claim = await shop.claimed(3)
    with pytest.raises(RemoteProblem) as refused:
        await codes.internal.report_delivery(batch, _report(claim, 4))
    assert refused.value.problem_status == 422
    assert (await shop.look(batch))["delivered"] == 0


async def test_giving_the_lease_back(codes: Codes, shop: Shop) -> None:
    batch, claim = await shop.claimed(3)
    for _ in range(2):
        await codes.internal.release_delivery(batch, _report(claim, 1, 11))
    with pytest.raises(RemoteProblem) as lost:
        await codes.internal.report_delivery(batch, _report(claim, 2, 12))
    assert lost.value.problem_code == "delivery_lease_lost"
    again = await codes.internal.claim_delivery(batch)
    assert [code.position for code in again.codes] == [1, 2]


async def test_from_25_on_it_is_a_document(codes: Codes, shop: Shop) -> None:
    batch, claim = await shop.claimed(25)
    assert (claim.method, claim.codes, claim.quantity) == (DeliveryMethod.DOCUMENT, [], 25)
    assert claim.file_name.endswith(".csv")
    csv = (await codes.internal.batch_csv(batch)).decode()
    assert csv.splitlines()[0] == "Access Code,Plan Name,Join Link,Expires At,Price,Currency,Started On,Ends On"
    assert len(csv.splitlines()) == 26
    await codes.internal.report_delivery(batch, _report(claim, 25, 77))
    assert (await shop.look(batch))["delivery"] == "delivered"
    assert await _rows(codes, "SELECT first, last, message_id FROM deliveries") == [(0, 24, 77)]


async def test_a_document_has_no_codes_that_are_of_no_use(codes: Codes, shop: Shop) -> None:
    batch, claim = await shop.claimed(30)
    await _sql(codes, "UPDATE access_codes SET revoked_at = now() WHERE position >= 20")
    assert len((await codes.internal.batch_csv(batch)).decode().splitlines()) == 21
    await codes.internal.report_delivery(batch, _report(claim, 30, 77))
    assert (await shop.look(batch))["delivery"] == "delivered"


async def test_24_are_messages(shop: Shop) -> None:
    _, claim = await shop.claimed(24)
    assert (claim.method, len(claim.codes)) == (DeliveryMethod.MESSAGES, 24)


async def test_codes_revoked_meanwhile_are_passed_over(codes: Codes, shop: Shop) -> None:
    batch = await shop.ready(5)
    await _sql(codes, "UPDATE access_codes SET revoked_at = now() WHERE position IN (0, 2, 4)")
    claim = await codes.internal.claim_delivery(batch)
    assert [code.position for code in claim.codes] == [1, 3]
    await codes.internal.report_delivery(batch, _report(claim, 2, 11))
    assert ((await shop.look(batch))["delivery"], (await shop.look(batch))["delivered"]) == ("sending", 2)
    await codes.internal.report_delivery(batch, _report(claim, 4, 13))  # the fifth is revoked: nothing is left
    seen = await shop.look(batch)
    assert (seen["delivery"], seen["delivered"]) == ("delivered", 5)
    assert await _rows(codes, "SELECT first, last, message_id FROM deliveries ORDER BY first") == [(1, 1, 11), (3, 3, 13)]


async def test_a_batch_revoked_as_a_whole_is_closed(codes: Codes, shop: Shop) -> None:
    batch = await shop.ready(3)
    await _sql(codes, "UPDATE access_codes SET revoked_at = now()")
    assert await _why_not(codes, batch) == (409, "delivery_done")
    seen = await shop.look(batch)
    assert (seen["delivery"], seen["delivered"], seen["counts"]["revoked"]) == ("delivered", 3, 3)
    assert (await codes.internal.unfinished_batches(0)).data == []


async def test_codes_that_expired_before_they_went_out_are_passed_over(codes: Codes) -> None:
    shop = await codes.shop(linked=None)
    batch = await shop.ready(2, expiry={"preset": "1_day"})
    codes.clock.advance(days=1)
    await shop.link_chat(1)
    assert await _why_not(codes, batch) == (409, "delivery_done")


async def test_a_rest_is_measured_in_real_time(codes: Codes, shop: Shop) -> None:
    batch, _ = await shop.claimed(2)
    codes.clock.advance(days=300)
    assert await _why_not(codes, batch) == (409, "delivery_leased")


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the lock"])
async def test_two_deliverers_at_once(codes: Codes, shop: Shop, monkeypatch: pytest.MonkeyPatch, *, guarded: bool) -> None:
    batch = await shop.ready(3)
    if not guarded:

        async def unlocked(session: AsyncSession, *, account_id: UUID, batch_id: UUID) -> Batch:
            return (await session.execute(select(Batch).where(Batch.account_id == account_id, Batch.id == batch_id))).scalar_one()

        monkeypatch.setattr(delivery, "lock_batch", unlocked)

    async def claim(session: AsyncSession) -> Claimed | None:
        return await claim_delivery(
            session, account_id=batch.account_id, batch_id=batch.batch_id, lease_seconds=15, now=codes.clock.now()
        )

    first, second = await overlapping(codes.state.database, claim, claim)
    assert isinstance(first, Claimed)
    assert isinstance(second, DeliveryLeasedError if guarded else Claimed)


async def test_what_stands_still_is_listed_with_its_next_step(codes: Codes) -> None:
    shop = await codes.shop(linked=None)
    queued = await shop.order(1)
    unbilled = await shop.order(1)
    await codes.internal.generate(unbilled)
    waiting = await shop.ready(1)

    async def steps(stalled_for: int = 0) -> dict[UUID, str]:
        return {batch.batch_id: batch.step for batch in (await codes.internal.unfinished_batches(stalled_for)).data}

    expected = {queued.batch_id: "generate", unbilled.batch_id: "confirm"}
    assert await steps() == expected
    await shop.link_chat(1)
    assert await steps() == {**expected, waiting.batch_id: "deliver"}
    claim = await codes.internal.claim_delivery(waiting)
    assert await steps() == expected
    await _lease_runs_out(codes)
    assert await steps() == {**expected, waiting.batch_id: "deliver"}
    await codes.internal.report_delivery(waiting, _report(claim, 1, 11))
    assert await steps() == expected

    codes.clock.advance(days=30)  # no time in the sense of standing still
    assert await steps(stalled_for=10) == {}
    await _sql(codes, "UPDATE batches SET progressed_at = progressed_at - interval '10 seconds'")
    assert await steps(stalled_for=10) == expected


async def test_looking_for_them_reads_the_index_over_them(codes: Codes) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    database = codes.state.database
    listen(database.engine.sync_engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    await codes.internal.unfinished_batches(10)
    ((query, values),) = ((statement, values) for statement, values in asked if "progressed_at" in statement)
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await (await raw_asyncpg(session)).fetch(f"EXPLAIN {query}", *values)
    assert "ix_batches_unfinished" in "\n".join(line for (line,) in plan)


async def test_a_worker_that_died_while_generating_is_noticed(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(1)
    await _sql(codes, "UPDATE batches SET status = 'generating'")
    assert (await shop.look(batch))["status"] == "generating"
    (unfinished,) = (await codes.internal.unfinished_batches(0)).data
    assert (unfinished.batch_id, unfinished.step) == (batch.batch_id, "generate")
    assert (await codes.internal.generate(batch)).generated == 1
