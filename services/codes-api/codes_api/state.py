"""What a running codes-api holds: opened once by the lifespan, reached through `app.state.codes`."""

from dataclasses import dataclass

from arq.connections import ArqRedis
from fastapi import FastAPI, Request
from shared.clients.billing import BillingClient
from shared.clients.gateway import GatewayClient
from shared.clock import Clock
from shared.db import Database
from shared.housekeeping import Housekeeping
from shared.outbox import Relay
from shared.ratelimit import RequestLimiter

from codes_api.codes.redeem_together import Together
from codes_api.codes.throttle import Throttle
from codes_api.projects.sealing import Sealer
from codes_api.settings import Settings
from codes_api.webhooks.courier import Courier
from codes_api.webhooks.sender import Sender


@dataclass(frozen=True)
class State:
    """Everything a request may need that lives longer than a request."""

    settings: Settings
    clock: Clock
    database: Database
    billing: BillingClient
    gateway: GatewayClient
    limiter: RequestLimiter
    throttle: Throttle
    together: Together
    sealer: Sealer
    redis: ArqRedis
    relay: Relay
    housekeeping: Housekeeping
    courier: Courier
    webhooks: Sender


def running(request: Request) -> State:
    """The running service's state."""
    state: State = request.app.state.codes
    return state


async def state_of(request: Request) -> State:
    """`running` as a dependency: a coroutine, because FastAPI sends plain functions to a thread."""
    return running(request)


def put_state(app: FastAPI, state: State) -> None:
    """Make the state reachable for requests."""
    app.state.codes = state
