"""What a task works with: the owners it calls, the queues, the clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from arq.connections import ArqRedis
from shared.clients.billing import BillingClient
from shared.clients.codes import CodesClient
from shared.clients.gateway import GatewayClient
from shared.clock import Clock
from shared.contracts.due import DueRun, NextDue, OutboxState

from jobs.queues import Queues
from jobs.settings import Settings

DELIVERY_TIMEOUT_S = 120.0
"""24 messages at one a second (`rules.md` T2, T3), and patience for other batches that go to the same chat."""


class Owner(Protocol):
    """A service that keeps due times and an outbox."""

    async def next_due(self) -> NextDue:
        """When its next due work is."""
        ...

    async def run_due(self) -> DueRun:
        """Do a bounded piece of what is due."""
        ...

    async def outbox(self) -> OutboxState:
        """How many of its events are not handed over yet."""
        ...


@dataclass(frozen=True)
class Services:
    """The clients try once: a job that fails comes back by itself, and a wait inside a job would hold its place.

    `deliveries` is the gateway as well, with the patience that sending takes.
    """

    billing: BillingClient
    codes: CodesClient
    gateway: GatewayClient
    deliveries: GatewayClient
    queues: Queues
    clock: Clock
    sandbox: bool

    @property
    def owners(self) -> Mapping[str, Owner]:
        """Who has due work, by the names of `jobs.queues.OWNERS` and in that order."""
        return {"billing": self.billing, "codes": self.codes}


@asynccontextmanager
async def open_services(settings: Settings, redis: ArqRedis) -> AsyncIterator[Services]:
    """Clients for the length of the block."""
    token = settings.service_token
    async with AsyncExitStack() as stack:
        yield Services(
            billing=await stack.enter_async_context(
                BillingClient("billing-api", settings.billing_api_url, token, retry=False),
            ),
            codes=await stack.enter_async_context(CodesClient("codes-api", settings.codes_api_url, token, retry=False)),
            gateway=await stack.enter_async_context(GatewayClient("bot-gateway", settings.bot_gateway_url, token, retry=False)),
            deliveries=await stack.enter_async_context(
                GatewayClient("bot-gateway", settings.bot_gateway_url, token, retry=False, timeout=DELIVERY_TIMEOUT_S),
            ),
            queues=Queues(redis),
            clock=settings.clock(),
            sandbox=settings.sandbox,
        )
