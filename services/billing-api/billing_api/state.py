"""What a running billing-api holds: opened once by the lifespan, reached through `app.state.billing`."""

from dataclasses import dataclass

from fastapi import FastAPI, Request
from shared.clients.codes import CodesClient
from shared.clock import Clock
from shared.db import Database
from shared.housekeeping import Housekeeping
from shared.ratelimit import RequestLimiter

from billing_api.payments.processor import PaymentProcessor
from billing_api.settings import Settings


@dataclass(frozen=True)
class State:
    """Everything a request may need that lives longer than a request."""

    settings: Settings
    clock: Clock
    database: Database
    codes: CodesClient
    limiter: RequestLimiter
    processor: PaymentProcessor
    housekeeping: Housekeeping


def running(request: Request) -> State:
    """The running service's state."""
    state: State = request.app.state.billing
    return state


async def state_of(request: Request) -> State:
    """`running` as a dependency: a coroutine, because FastAPI sends plain functions to a thread."""
    return running(request)


def put_state(app: FastAPI, state: State) -> None:
    """Make the state reachable for requests."""
    app.state.billing = state
