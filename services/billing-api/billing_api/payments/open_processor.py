"""The processor that the settings name, for as long as the service runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.clock import Clock
from shared.db import Database

from billing_api.payments.processor import PaymentProcessor
from billing_api.payments.sandbox import SandboxProcessor
from billing_api.payments.stripe import StripeProcessor
from billing_api.settings import Settings


@asynccontextmanager
async def open_processor(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[PaymentProcessor]:
    """Open what charges cards, and close it in the end."""
    if settings.payment_processor == "sandbox":
        yield SandboxProcessor(database, clock)
        return
    async with StripeProcessor(database, settings.stripe_api_key, settings.stripe_api_base) as processor:
        yield processor
