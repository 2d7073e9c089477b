from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from tests.bot_gateway.house import House, Neighbours, house, neighbours
from tests.support.background import BackgroundLoop


@pytest.fixture(scope="session")
def around(background: BackgroundLoop) -> Iterator[Neighbours]:
    """The sandbox Telegram and codes-api's place, for all tests of this folder."""
    manager = neighbours()
    yield background.run(manager.__aenter__())
    background.run(manager.__aexit__(None, None, None))


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Clients try again at once: a test of an outage need not wait."""
    stamina.set_testing(True, attempts=2)
    yield
    stamina.set_testing(False)


@pytest.fixture(params=["webhook", "polling"])
async def both(request: pytest.FixtureRequest, around: Neighbours, redis_url: str) -> AsyncIterator[House]:
    """A gateway in each of its modes."""
    async with house(around, redis_url, mode=request.param) as built:
        yield built


@pytest.fixture
async def webhook(around: Neighbours, redis_url: str) -> AsyncIterator[House]:
    async with house(around, redis_url) as built:
        yield built
