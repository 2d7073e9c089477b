"""What is done with codes and sales, each act with what must come of it on the bill."""

from collections.abc import Awaitable
from datetime import timedelta
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

from shared.contracts.quota import ExpiredCodes, ReportExpired
from shared.errors import RemoteProblem
from shared.ids import new_id
from shared.money import usd

from tests.billing_api.months.books import cents
from tests.billing_api.months.model import LAPSES_AFTER, RESTRICTED, Batch, fee
from tests.billing_api.months.observe import observe
from tests.billing_api.months.world import Life, World
from tests.billing_api.running import ok

T = TypeVar("T")


async def generate(world: World, life: Life, quantity: int, price: int) -> None:
    books = await observe(world, life)
    plan, used = life.running.plan, life.quota.used(life.running.start)
    over = 0 if plan.included is None else max(0, quantity - max(0, plan.included - used))
    costs = fee(price * over, plan.fee_rate)
    promised = sum(cents(item["amount"]) for item in books.items if item["invoice_id"] is None)
    promised += sum(batch.fee for batch in life.quota.batches.values() if batch.state == "reserved")
    broke = costs > 0 and not books.cards and books.balance - promised < costs
    expected = "account_locked" if books.standing in RESTRICTED else "payment_method_required" if broke else None
    made, code = await _told(life.creator.reserve(quantity, price=price, fee=costs or None))
    assert code == expected
    if made is None:
        return
    assert (made.included, made.overage, made.fee) == (quantity - over, over, usd(costs))
    lapses_at = world.clock.now() + LAPSES_AFTER
    life.quota.batches[str(made.batch_id)] = Batch(life.running.start, quantity, costs, lapses_at)


def _batch(life: Life, index: int) -> tuple[UUID, Batch] | None:
    batches = list(life.quota.batches.items())
    return (UUID(batches[-1 - index % len(batches)][0]), batches[-1 - index % len(batches)][1]) if batches else None


async def confirm(world: World, life: Life, index: int) -> None:
    if (found := _batch(life, index)) is None:
        return
    batch_id, batch = found
    _, code = await _told(life.creator.billing.internal.confirm_quota(life.creator.id, batch_id))
    assert code == ("reservation_final" if batch.state == "released" else None)
    if batch.state in {"reserved", "lapsed"}:
        life.owed_fees += batch.fee
        batch.state = "confirmed"


async def release(world: World, life: Life, index: int) -> None:
    if (found := _batch(life, index)) is None:
        return
    batch_id, batch = found
    _, code = await _told(life.creator.billing.internal.release_quota(life.creator.id, batch_id))
    assert code == ("reservation_final" if batch.state == "confirmed" else None)
    if code is None:
        batch.state = "released"


async def expire(world: World, life: Life, index: int, quantity: int) -> None:
    if (found := _batch(life, index)) is None:
        return
    batch_id, batch = found
    said = ReportExpired(event_id=new_id(), batches=[ExpiredCodes(batch_id=batch_id, quantity=quantity)])
    too_many = batch.expired + quantity > batch.quantity
    for _ in range(2):  # said twice, it counts once
        _, code = await _told(life.creator.billing.internal.report_expired(life.creator.id, said))
        assert code == ("expiry_exceeds_batch" if too_many else None)
    batch.expired += 0 if too_many else quantity


async def _told(asking: Awaitable[T]) -> tuple[T | None, str | None]:
    """What a service was answered, or the code of the refusal."""
    try:
        return await asking, None
    except RemoteProblem as problem:
        return None, problem.problem_code


async def sell(world: World, life: Life, amount: int, ago: timedelta, via: str) -> None:
    await observe(world, life)
    at = max(life.rates[0][0], world.clock.now() - ago)
    said = {
        "account_id": str(life.creator.id),
        "external_id": f"order-{new_id()}",
        "amount": {"amount": amount, "currency": "USD"},
        "occurred_at": at.isoformat(),
        "via": via,
    }
    plan = life.rate_at(min(at, world.clock.now()))
    costs = 0 if via == "stripe_connect" else fee(amount, plan.fee_rate)
    for _ in range(2):
        receipt = ok(await world.billing.http.post("/v1/operator/sales", json=said, headers=world.billing.operator), 201)
        assert cents(receipt["fee"]) == costs
        assert Fraction(receipt["fee_rate"]) == plan.fee_rate
    life.owed_fees += costs
