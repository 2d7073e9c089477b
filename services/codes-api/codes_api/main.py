"""Puts codes-api together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq.connections import ArqRedis
from fastapi import FastAPI
from shared.clients.billing import BillingClient
from shared.clients.gateway import GatewayClient
from shared.db import DATABASE_OUTAGE, Database
from shared.housekeeping import Housekeeping
from shared.idempotency import IdempotencyKeys
from shared.outbox import Relay
from shared.ratelimit import REDIS_OUTAGE, RequestLimiter
from shared.web import create_web_app

from codes_api.api import INTERNAL_ROUTERS, PUBLIC_ROUTERS, TAGS, webhook_docs
from codes_api.base import idempotency_keys, outbox
from codes_api.codes.redeem_together import Together
from codes_api.codes.throttle import Throttle
from codes_api.projects.sealing import Sealer
from codes_api.settings import Settings
from codes_api.state import State, put_state
from codes_api.webhooks.courier import Courier
from codes_api.webhooks.sender import Sender

DESCRIPTION = """
Generate access codes in bulk, hand them out, see who redeemed them.

**Getting in:** every request carries `Authorization: Bearer mp_...`; the key comes from billing-api's `POST /v1/accounts`.
**Money** is `{"amount": 6950, "currency": "USD"}` in minor units, **times** are RFC 3339 in UTC. **Errors** are problem documents
(RFC 9457) with a stable `code` and the `request_id` that is also the header `X-Request-ID`. **POST** takes an `Idempotency-Key`:
asked again within 24 hours, it gives the first answer. **Lists** are newest first and go on with `cursor`.
"""


def create_app(settings: Settings) -> FastAPI:
    """codes-api as an ASGI app."""
    database = Database(settings.codes_database_url, application_name="codes-api", pool_size=settings.database_pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        redis = ArqRedis.from_url(settings.redis_url)
        relay = Relay(database, outbox, redis)
        keys = IdempotencyKeys(database, idempotency_keys)
        throttle = Throttle(settings.redis_url)
        together = Together(database)
        clock, sealer = settings.clock(), Sealer(settings.encryption_key)
        async with (
            BillingClient("billing-api", settings.billing_api_url, settings.service_token) as billing,
            GatewayClient("bot-gateway", settings.bot_gateway_url, settings.service_token) as gateway,
            Courier(anywhere=settings.sandbox, timeout_s=settings.webhook_timeout_seconds) as courier,
        ):
            webhooks = Sender(database, clock=clock, sealer=sealer, courier=courier)
            put_state(
                app,
                State(
                    settings=settings,
                    clock=clock,
                    database=database,
                    billing=billing,
                    gateway=gateway,
                    limiter=RequestLimiter(settings.redis_url, settings.rate_limit_per_minute),
                    throttle=throttle,
                    together=together,
                    sealer=sealer,
                    redis=redis,
                    relay=relay,
                    housekeeping=Housekeeping(keys, relay),
                    courier=courier,
                    webhooks=webhooks,
                ),
            )
            app.state.idempotency = keys
            await relay.start()
            await webhooks.start()
            try:
                yield
            finally:
                await webhooks.stop()
                await relay.stop()
                await together.close()
                await throttle.close()
                await redis.aclose()
                await database.close()

    app = create_web_app(
        title="MemberPass codes-api",
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=[*INTERNAL_ROUTERS, *PUBLIC_ROUTERS],
        ready=database.check,
        outages=(DATABASE_OUTAGE, REDIS_OUTAGE),
        tags=TAGS,
    )
    app.webhooks.include_router(webhook_docs.router)
    return app
