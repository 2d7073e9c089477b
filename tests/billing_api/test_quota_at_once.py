"""A batch that the quota covers, in one statement each: the same as with care, and as safe. Each guard has a test that takes it
out and must then see what it prevents."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest
from billing_api.quota import at_once
from billing_api.quota.at_once import CONFIRM, COVERED, LOCK, RESERVE, confirm_covered, reserve_covered
from billing_api.quota.confirm import confirm_quota
from billing_api.quota.reserve import reserve_quota
from shared.contracts.quota import QuotaReservation
from shared.ids import new_id
from shared.money import usd
from sqlalchemy import text

from tests.billing_api.running import Billing, Creator
from tests.support.races import until_waiting

_ROWS = (
    "SELECT cycle_start, quantity, included, overage, unit_amount, unit_currency, fee_rate, fee, state, lapsed, expired,"
    " reserved_at, lapses_at, settled_at FROM quota_reservations ORDER BY batch_id"
)
Change = Callable[[Billing, Creator], Awaitable[Any]]


async def _reserve(
    billing: Billing, creator: Creator, quantity: int = 2, batch_id: UUID | None = None, statement: str = RESERVE
) -> QuotaReservation | None:
    return await reserve_covered(
        billing.database,
        account_id=creator.id,
        batch_id=batch_id or new_id(),
        quantity=quantity,
        unit_price=usd(100),
        now=billing.clock.now(),
        statement=statement,
    )


async def _behind_the_lock(billing: Billing, *work: Coroutine[Any, Any, Any], meanwhile: str = "SELECT") -> list[Any]:
    """Have all of it wait for the accounts' rows, change something meanwhile, and let all go on together."""
    async with billing.database.transaction() as gate:
        await gate.execute(text("SELECT FROM accounts FOR UPDATE"))
        tasks = [asyncio.create_task(one) for one in work]
        await until_waiting(billing.database, len(work))
        await gate.execute(text(meanwhile))
    return await asyncio.gather(*tasks)


async def _used(billing: Billing) -> list[int]:
    return [row[0] for row in await billing.rows("SELECT used FROM quota_cycles ORDER BY starts_at")]


async def test_it_writes_what_is_written_with_care(billing: Billing, creator: Creator) -> None:
    one, other = new_id(), new_id()
    place: dict[str, Any] = {"account_id": creator.id, "now": billing.clock.now()}
    terms: dict[str, Any] = {"quantity": 2, "unit_price": usd(100)}
    shown = await reserve_covered(billing.database, batch_id=one, **place, **terms)
    async with billing.database.transaction() as session:
        await reserve_quota(session, batch_id=other, accept_fee=None, **place, **terms)
    first, second = await billing.rows(_ROWS)
    assert tuple(first) == tuple(second)
    assert await creator.codes() == (5, 4, 1)
    again = await creator.reserve(2, batch_id=one)
    assert shown == again, "asked again, the same reservation"

    assert await confirm_covered(billing.database, batch_id=one, **place) is not None
    async with billing.database.transaction() as session:
        await confirm_quota(session, batch_id=other, **place)
    first, second = await billing.rows(_ROWS)
    assert tuple(first) == tuple(second)
    await billing.check_audit()


async def _locked(billing: Billing, _: Creator) -> None:
    await billing.rows("UPDATE accounts SET standing = 'locked'")


async def _locks_now(billing: Billing, _: Creator) -> None:
    await billing.rows("UPDATE accounts SET standing = 'grace', next_standing_at = now() - interval '1 year'")


async def _turns_now(billing: Billing, _: Creator) -> None:
    billing.clock.advance(days=32)


async def _paused(billing: Billing, _: Creator) -> None:
    await billing.rows("UPDATE subscriptions SET paused = true")


async def _nearly_used_up(_: Billing, creator: Creator) -> None:
    await creator.reserve(4)


@pytest.mark.parametrize("out_of_the_ordinary", [_locked, _locks_now, _turns_now, _paused, _nearly_used_up])
async def test_it_leaves_what_is_out_of_the_ordinary(billing: Billing, creator: Creator, out_of_the_ordinary: Change) -> None:
    await out_of_the_ordinary(billing, creator)
    before = await _used(billing)
    reservations = len(await billing.rows(_ROWS))
    assert await _reserve(billing, creator) is None
    assert (await _used(billing), len(await billing.rows(_ROWS))) == (before, reservations)


async def test_a_known_batch_and_one_with_a_fee_are_left(billing: Billing, starter: Creator) -> None:
    known = await starter.reserve(3)
    assert await _reserve(billing, starter, batch_id=known.batch_id) is None
    paid = await starter.reserve(247, fee=150)
    place: dict[str, Any] = {"account_id": starter.id, "now": billing.clock.now()}
    assert await confirm_covered(billing.database, batch_id=paid.batch_id, **place) is None
    assert await confirm_covered(billing.database, batch_id=known.batch_id, **place) is not None
    assert await confirm_covered(billing.database, batch_id=known.batch_id, **place) is None, "it is confirmed"
    assert await confirm_covered(billing.database, batch_id=new_id(), **place) is None
    await billing.check_audit()


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the guard"])
async def test_batches_at_the_edge_never_share_what_is_left(billing: Billing, creator: Creator, *, guarded: bool) -> None:
    statement = RESERVE if guarded else RESERVE.replace(COVERED, "TRUE")
    answers = await _behind_the_lock(billing, *(_reserve(billing, creator, statement=statement) for _ in range(6)))
    reserved = sum(answer is not None for answer in answers)
    assert (reserved, await _used(billing)) == ((2, [4]) if guarded else (6, [12]))


async def test_the_same_batch_at_once_counts_once(billing: Billing, creator: Creator) -> None:
    batch_id = new_id()
    answers = await _behind_the_lock(billing, *(_reserve(billing, creator, batch_id=batch_id) for _ in range(4)))
    assert sum(answer is not None for answer in answers) == 1
    assert await _used(billing) == [2]
    await billing.check_audit()


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the subscription's lock"])
async def test_a_period_that_turns_meanwhile_is_not_charged(billing: Billing, creator: Creator, *, guarded: bool) -> None:
    """What waits for the account has seen the subscription as it was."""
    statement = RESERVE if guarded else RESERVE.replace("FOR SHARE OF s", "")
    assert guarded or statement != RESERVE
    turned = "UPDATE subscriptions SET period_start = period_start + interval '1 minute'"
    (answer,) = await _behind_the_lock(billing, _reserve(billing, creator, statement=statement), meanwhile=turned)
    assert (answer is None, await _used(billing)) == ((True, [0]) if guarded else (False, [2]))


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the lock"])
async def test_a_confirmation_waits_for_whoever_decides_about_the_account(
    billing: Billing, creator: Creator, *, guarded: bool
) -> None:
    """Someone who holds the account may have read the reservation, and be about to release it."""
    batch_id = (await creator.reserve(2)).batch_id
    statement = CONFIRM if guarded else CONFIRM.replace(LOCK, "")
    assert guarded or statement != CONFIRM
    place: dict[str, Any] = {"account_id": creator.id, "batch_id": batch_id, "now": billing.clock.now()}
    async with billing.database.transaction() as gate:
        await gate.execute(text("SELECT FROM accounts FOR UPDATE"))
        confirming = asyncio.create_task(confirm_covered(billing.database, **place, statement=statement))
        if guarded:
            await until_waiting(billing.database, 1)
        else:
            assert await confirming is not None
    assert await confirming is not None


@pytest.mark.parametrize("state", ["released", "confirmed"])
async def test_a_reservation_that_was_decided_meanwhile_is_left(billing: Billing, creator: Creator, state: str) -> None:
    batch_id = (await creator.reserve(2)).batch_id
    work = confirm_covered(billing.database, account_id=creator.id, batch_id=batch_id, now=billing.clock.now())
    decided = f"UPDATE quota_reservations SET state = '{state}', settled_at = lapses_at"
    assert await _behind_the_lock(billing, work, meanwhile=decided) == [None]
    assert await billing.rows("SELECT state, settled_at = lapses_at FROM quota_reservations") == [(state, True)]


async def test_the_ordinary_way_is_taken(creator: Creator, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        pytest.fail("this costs ten times as much")

    monkeypatch.setattr(at_once, "reserve_quota", never)
    monkeypatch.setattr(at_once, "confirm_quota", never)
    await creator.generate(3)
    assert await creator.codes() == (5, 3, 2)
