"""One whole stack for all tests of this folder: embedded servers, four services, the sandbox Telegram."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from memberpass_local.demo.teller import Teller
from memberpass_local.demo.world import World
from memberpass_local.stack import LocalStack
from rich.console import Console

from tests.support.background import BackgroundLoop
from tests.support.stack_homes import environ_without, free_port_base, stack_home

# Real rates and leases would make the tests wait; what they hold is the same at any speed.
FAST = {"CHAT_MESSAGES_PER_SECOND": "10", "DELIVERY_LEASE_SECONDS": "2", "RATE_LIMIT_PER_MINUTE": "100000"}


@pytest.hookimpl(tryfirst=True)  # xdist reads the mark in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All on one worker, so that there is one stack."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def stack(background: BackgroundLoop) -> Iterator[LocalStack]:
    """A running stack. A process that a test kills stays down until the test starts it again."""
    with stack_home() as home:
        stack = LocalStack(
            home=home, port_base=free_port_base(), environ=environ_without() | FAST, auto_restart=False, durable=False
        )
        background.run(stack.__aenter__())
        try:
            yield stack
        finally:
            background.run(stack.__aexit__(None, None, None))


@pytest.fixture
async def world(stack: LocalStack) -> AsyncIterator[World]:
    """The demo's people, in a world of their own names."""
    async with httpx.AsyncClient(timeout=30) as http:
        yield World(stack.urls, http, Teller(Console(quiet=True)), secrets.token_hex(3))
