"""A usage item in words, as its line on the invoice and the list of items say it."""

from decimal import Decimal
from typing import Final

from babel.numbers import format_currency, get_currency_precision

from billing_api.usage.models import UsageItem

_LOCALE: Final = "en_US"


def describe(item: UsageItem) -> str:
    """What the fee is for. The item's sale must be loaded."""
    if item.sale is None:
        return f"{item.quantity} access codes beyond the quota at {percent(item.fee_rate)}"
    sold = Decimal(item.sale.amount).scaleb(-get_currency_precision(item.sale.currency))
    price = format_currency(sold, item.sale.currency, format="#,##0.00 \N{CURRENCY SIGN}\N{CURRENCY SIGN}", locale=_LOCALE)
    return f"Transaction fee of {percent(item.fee_rate)} on a sale of {price} ({item.sale.external_id})"


def percent(rate: Decimal) -> str:
    """0.03 as 3%."""
    shown = f"{rate * 100:f}"
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) + "%"
