from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from tests.bot_gateway.house import House, Neighbours, Running, gateway, house, neighbours
from tests.support.background import BackgroundLoop


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Clients try again at once: a test of an outage need not wait."""
    stamina.set_testing(True, attempts=2, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="session")
def around(background: BackgroundLoop) -> Iterator[Neighbours]:
    """The sandbox Telegram and codes-api's place, for all tests of this folder."""
    manager = neighbours()
    yield background.run(manager.__aenter__())
    background.run(manager.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def by_webhook(background: BackgroundLoop, around: Neighbours, redis_server_url: str) -> Iterator[Running]:
    """A gateway that most tests share; each has a bot and a codes-api of its own."""
    manager = gateway(around, redis_server_url, telegram_mode="webhook")
    yield background.run(manager.__aenter__())
    background.run(manager.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def by_polling(background: BackgroundLoop, around: Neighbours, redis_server_url: str) -> Iterator[Running]:
    """The same in the other mode."""
    manager = gateway(around, redis_server_url, telegram_mode="polling")
    yield background.run(manager.__aenter__())
    background.run(manager.__aexit__(None, None, None))


@pytest.fixture(params=["by_webhook", "by_polling"])
async def both(request: pytest.FixtureRequest, around: Neighbours) -> AsyncIterator[House]:
    """A bot at a gateway in each of its modes."""
    async with house(around, request.getfixturevalue(request.param)) as built:
        yield built


@pytest.fixture
async def webhook(around: Neighbours, by_webhook: Running) -> AsyncIterator[House]:
    """A bot at a gateway that Telegram calls."""
    async with house(around, by_webhook) as built:
        yield built
