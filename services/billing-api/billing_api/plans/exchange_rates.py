"""What currencies are worth in USD, as operators set it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from shared.money import Money
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.plans.errors import ExchangeRateMissingError
from billing_api.plans.models import ExchangeRate


async def set_exchange_rates(session: AsyncSession, *, rates: Mapping[str, Decimal], now: datetime) -> Sequence[ExchangeRate]:
    """Set the rates that are named and leave the others; returns all. A rate is USD for one unit of the currency."""
    if rates:
        rows = [{"currency": currency, "usd": usd, "updated_at": now} for currency, usd in sorted(rates.items())]
        fresh = insert(ExchangeRate).values(rows)
        taken_over = {"usd": fresh.excluded.usd, "updated_at": fresh.excluded.updated_at}
        await session.execute(fresh.on_conflict_do_update(index_elements=["currency"], set_=taken_over))
    return await list_exchange_rates(session)


async def list_exchange_rates(session: AsyncSession) -> Sequence[ExchangeRate]:
    """All rates by currency."""
    query = select(ExchangeRate).order_by(ExchangeRate.currency).execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def usd_per_unit(session: AsyncSession, price: Money) -> Fraction:
    """USD for one unit of the price's currency.

    Raises:
        ExchangeRateMissingError: no rate is set for it (`rules.md` Q2).
    """
    if price.currency == "USD":
        return Fraction(1)
    rate = await session.get(ExchangeRate, price.currency)
    if rate is None:
        raise ExchangeRateMissingError(f"Fees in {price.currency} can't be worked out: there is no exchange rate for it.")
    return Fraction(rate.usd)
