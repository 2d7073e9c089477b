from datetime import UTC, datetime, timedelta, timezone

import pytest
from bot_gateway.people import minutes, moment, money, name
from hypothesis import given
from hypothesis import strategies as st
from shared.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (999, "USD", "$9.99"),
        (100000, "USD", "$1,000.00"),
        (500, "JPY", "\u00a5500"),
        (1234, "KWD", "KWD1.234"),
        (0, "EUR", "free"),
    ],
)
def test_money(amount: int, currency: str, shown: str) -> None:
    assert money(Money(amount=amount, currency=currency)) == shown


def test_moments_are_utc() -> None:
    assert moment(datetime(2026, 8, 3, 10, tzinfo=UTC)) == "3 August 2026, 10:00 UTC"
    assert moment(datetime(2026, 8, 3, 1, tzinfo=timezone(timedelta(hours=3)))) == "2 August 2026, 22:00 UTC"


@pytest.mark.parametrize(("seconds", "shown"), [(0, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (900, "15 minutes")])
def test_minutes(seconds: int, shown: str) -> None:
    assert minutes(seconds) == shown


@given(st.text(max_size=300))
def test_a_name_is_one_short_line_without_markup(text: str) -> None:
    shown = name(text)
    assert "<" not in shown
    assert ">" not in shown
    assert "\n" not in shown
    assert len(shown) <= 64 * len("&quot;")
