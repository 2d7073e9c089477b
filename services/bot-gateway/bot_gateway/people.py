"""What numbers, dates and names look like to people. Pure; everything from outside is escaped for Telegram's HTML."""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

from babel.dates import format_datetime
from babel.numbers import format_currency, get_currency_precision
from shared.money import Money

LOCALE = "en_US"
MAX_NAME = 64
"""Longer names are cut, so that a list of them stays within Telegram's 4096 characters."""

# Characters that turn the reading direction and would let a name rearrange the text around it.
_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}


def plain_name(text: str, limit: int = MAX_NAME) -> str:
    """A name from outside on one line: control and direction marks dropped, cut to `limit` characters. Not escaped."""
    kept = "".join(
        symbol if not symbol.isspace() else " "
        for symbol in text
        if symbol.isspace() or (unicodedata.category(symbol) != "Cc" and symbol not in _TURNING)
    )
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def name(text: str, limit: int = MAX_NAME) -> str:
    """`plain_name`, escaped for HTML."""
    return escape(plain_name(text, limit))


def money(price: Money) -> str:
    """An amount with its currency's sign and digits: "$9.99", "JP¥500"; nothing to pay is "free"."""
    if price.amount == 0:
        return "free"
    digits = get_currency_precision(price.currency)
    return format_currency(Decimal(price.amount).scaleb(-digits), price.currency, locale=LOCALE)


def moment(at: datetime) -> str:
    """A moment to the minute, in UTC: "3 August 2026, 10:00 UTC"."""
    return format_datetime(at, "d MMMM y, HH:mm 'UTC'", tzinfo=UTC, locale=LOCALE)


def minutes(seconds: int) -> str:
    """A wait in whole minutes, rounded up: "1 minute", "15 minutes"."""
    count = max(1, -(-seconds // 60))
    return "1 minute" if count == 1 else f"{count} minutes"
