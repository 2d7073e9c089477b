"""The audit compares what was billed with what codes-api has, batch by batch."""

from typing import Any
from uuid import UUID

import pytest
from billing_api.audit import across
from shared.ids import new_id

from tests.billing_api.running import Billing, Creator, Json, expiry_of, ok, refused

NAME = "quota_used_is_codes_generated_less_expired"


async def found(billing: Billing) -> tuple[int, int]:
    """checked, violations."""
    rows = ok(await billing.http.get("/v1/operator/audit", headers=billing.operator))["data"]
    (row,) = (row for row in rows if row["name"] == NAME)
    return row["checked"], row["violations"]


async def expired(creator: Creator, batch_id: UUID, quantity: int) -> None:
    await creator.billing.internal.report_expired(creator.id, expiry_of((batch_id, quantity)))


def batch_of(creator: Creator, batch_id: UUID, **counts: Any) -> Json:
    return {"account_id": creator.id, "batch_id": batch_id, "expired": 0, "in_flight": False, **counts}


async def test_billed_as_generated_is_right(billing: Billing, starter: Creator) -> None:
    await expired(starter, await starter.generate(10), 4)
    await starter.reserve(3)
    given_back = (await starter.reserve(2)).batch_id
    await billing.internal.release_quota(starter.id, given_back)
    assert await found(billing) == (3, 0)


BROKEN: list[tuple[Json, bool]] = [
    ({"existing": 5}, False),
    ({"existing": 5, "in_flight": True}, False),
    ({"existing": 7}, False),
    ({"generated": 0, "existing": 0, "expired": 0}, False),
    ({"generated": 11, "existing": 7}, False),
    ({"existing": 4, "expired": 6}, False),
    ({"existing": 4, "expired": 6, "in_flight": True}, True),
    ({"existing": 7, "expired": 3, "in_flight": True}, False),
]


@pytest.mark.parametrize(("counts", "may_be"), BROKEN)
async def test_what_codes_api_has_otherwise(billing: Billing, starter: Creator, counts: Json, may_be: bool) -> None:
    """Of 10 codes 4 are billed as expired. What is on its way may still even out; a code that is nowhere does not."""
    batch = await starter.generate(10)
    await expired(starter, batch, 4)
    billing.codes.counts[batch] = counts
    assert await found(billing) == (1, 0 if may_be else 1)


@pytest.mark.parametrize("state", ["unknown", "reserved", "released"])
async def test_codes_that_nobody_billed(billing: Billing, starter: Creator, state: str) -> None:
    batch = new_id() if state == "unknown" else (await starter.reserve(5)).batch_id
    if state == "released":
        await billing.internal.release_quota(starter.id, batch)
    billing.codes.counts[batch] = batch_of(starter, batch, generated=5, existing=5, in_flight=True)
    assert await found(billing) == (1, 0), "the word of it is on its way, or came after the books were read"
    billing.codes.counts[batch] = batch_of(starter, batch, generated=5, existing=5)
    assert await found(billing) == (1, 1)
    billing.codes.counts[batch] = batch_of(starter, batch, generated=0, existing=0)
    assert await found(billing) == (1, 0), "a batch that failed, or waits"


async def test_in_pieces_as_at_once(billing: Billing, starter: Creator, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await billing.subscribed("growth_monthly")
    for creator in (starter, other):
        for _ in range(3):
            await creator.generate(2)
    unknown = [new_id() for _ in range(3)]
    billing.codes.counts = {batch: batch_of(other, batch, generated=1, existing=1) for batch in unknown}
    for at_once in (500, 2, 1, 3):
        monkeypatch.setattr(across, "AT_ONCE", at_once)
        billing.codes.at_once = at_once
        assert await found(billing) == (9, 3)


async def test_without_codes_api_there_is_no_audit(billing: Billing, starter: Creator) -> None:
    await starter.generate(1)
    billing.codes.away = True
    refused(await billing.http.get("/v1/operator/audit", headers=billing.operator), 503, "dependency_unavailable")
