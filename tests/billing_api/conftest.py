"""What tests of billing-api share."""

from collections.abc import AsyncIterator

import pytest

from tests.billing_api.running import Billing, Creator, billing_running
from tests.support.clock import MovableClock


@pytest.fixture
async def billing(billing_database_url: str, redis_url: str, clock: MovableClock) -> AsyncIterator[Billing]:
    """A running billing-api on a database of its own."""
    async with billing_running(billing_database_url, redis_url, clock) as running:
        yield running


@pytest.fixture
async def creator(billing: Billing) -> Creator:
    """A creator on the free plan."""
    return await billing.open_account()


@pytest.fixture
async def starter(billing: Billing) -> Creator:
    """A creator on starter_monthly with a card that pays."""
    return await billing.subscribed("starter_monthly")
