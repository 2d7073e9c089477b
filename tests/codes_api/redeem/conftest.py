"""Redeeming, alone and together."""

from collections.abc import AsyncIterator

import pytest
from codes_api.codes.redeem_claim import Claim
from codes_api.codes.redeem_together import Together

from tests.support.codes_world import World


@pytest.fixture(params=["alone", "together"])
async def claim(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Claim | None]:
    """What is asked for at once goes each by itself, or as requests of one process go: together."""
    if request.param == "alone":
        yield None
        return
    together = Together(world.database)
    yield together.claim
    await together.close()
