"""Puts billing-api together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq.connections import ArqRedis
from fastapi import FastAPI
from shared.clients.codes import CodesClient
from shared.db import DATABASE_OUTAGE, Database
from shared.housekeeping import Housekeeping
from shared.idempotency import IdempotencyKeys
from shared.outbox import Relay
from shared.ratelimit import REDIS_OUTAGE, RequestLimiter
from shared.web import create_web_app

from billing_api.api import TAGS, build_routers
from billing_api.base import idempotency_keys, outbox
from billing_api.payments.open_processor import open_processor
from billing_api.payments.processor import PaymentProcessor
from billing_api.settings import Settings
from billing_api.state import State, put_state

DESCRIPTION = """
Accounts, platform plans, usage and invoices.

**Getting in:** `POST /v1/accounts` answers with an API key; every other request carries `Authorization: Bearer mp_...`.
**Money** is `{"amount": 6950, "currency": "USD"}` in minor units. **Errors** are problem documents (RFC 9457) with a stable
`code`. **POST** takes an `Idempotency-Key`: asked again within 24 hours, it gives the first answer. **Lists** are newest first
and go on with `cursor`.
"""


def create_app(settings: Settings, *, processor: PaymentProcessor | None = None) -> FastAPI:
    """billing-api as an ASGI app.

    Args:
        settings: read once.
        processor: who charges cards; None: the one that the settings name.
    """
    database = Database(settings.billing_database_url, application_name="billing-api", pool_size=settings.database_pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        clock = settings.clock()
        redis = ArqRedis.from_url(settings.redis_url)
        relay = Relay(database, outbox, redis)
        keys = IdempotencyKeys(database, idempotency_keys)
        async with (
            CodesClient("codes-api", settings.codes_api_url, settings.service_token) as codes,
            open_processor(settings, database, clock) as named,
        ):
            put_state(
                app,
                State(
                    settings=settings,
                    clock=clock,
                    database=database,
                    codes=codes,
                    limiter=RequestLimiter(settings.redis_url, settings.rate_limit_per_minute),
                    processor=processor or named,
                    housekeeping=Housekeeping(keys, relay),
                ),
            )
            app.state.idempotency = keys
            await relay.start()
            try:
                yield
            finally:
                await relay.stop()
                await redis.aclose()
                await database.close()

    return create_web_app(
        title="MemberPass billing-api",
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=build_routers(settings),
        ready=database.check,
        outages=(DATABASE_OUTAGE, REDIS_OUTAGE),
        tags=TAGS,
    )
