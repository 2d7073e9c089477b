"""A billing-api that charges through Stripe's library, against localstripe behind a proxy."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.billing_api.running import Billing, billing_running
from tests.support.clock import MovableClock
from tests.support.stripe_proxy import KEY, SECRET, StripeProxy, localstripe, stripe_proxy


@pytest.fixture(scope="session")
def localstripe_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with localstripe(tmp_path_factory.mktemp("localstripe")) as url:
        yield url


@pytest.fixture
async def proxy(localstripe_url: str) -> AsyncIterator[StripeProxy]:
    async with stripe_proxy(localstripe_url) as running:
        yield running


@pytest.fixture
async def billing(billing_database_url: str, redis_url: str, clock: MovableClock, proxy: StripeProxy) -> AsyncIterator[Billing]:
    stripe: dict[str, Any] = {
        "payment_processor": "stripe",
        "stripe_api_key": SecretStr(KEY),
        "stripe_api_base": proxy.url,
        "stripe_webhook_secret": SecretStr(SECRET),
    }
    async with billing_running(billing_database_url, redis_url, clock, **stripe) as running:
        yield running
