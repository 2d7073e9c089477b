"""The audit across both services: what was billed is what there is, and a code that vanishes is found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from memberpass_local.demo.world import World
from memberpass_local.stack import LocalStack

from tests.e2e.shop import open_shop

NAME = "quota_used_is_codes_generated_less_expired"
pytestmark = pytest.mark.timeout(180)


async def _found(world: World, stack: LocalStack) -> Any:
    rows = (await world.billing(stack.operator_key).call("GET", "/v1/operator/audit"))["data"]
    (row,) = (row for row in rows if row["name"] == NAME)
    return row


@asynccontextmanager
async def _without_one_code(codes_database_url: str, batch_id: str) -> AsyncIterator[None]:
    """The stack is shared: the row comes back."""
    database = await asyncpg.connect(codes_database_url)
    try:
        row = await database.fetchrow("DELETE FROM access_codes WHERE batch_id = $1 AND position = 2 RETURNING *", batch_id)
        assert row is not None
        try:
            yield
        finally:
            places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
            await database.execute(f"INSERT INTO access_codes VALUES ({places})", *row.values())
    finally:
        await database.close()


async def test_a_code_that_vanishes_is_found(stack: LocalStack, world: World) -> None:
    shop = await open_shop(world)
    batch = await shop.request(4)
    await shop.delivered(batch["id"])
    before = await _found(world, stack)
    assert before["checked"] >= 1
    assert before["violations"] == 0
    async with _without_one_code(stack.urls.codes_database_url, batch["id"]):
        assert (await _found(world, stack))["violations"] == 1
    assert (await _found(world, stack))["violations"] == 0
