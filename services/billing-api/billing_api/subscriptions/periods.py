"""Billing periods, counted from the subscription's anchor (`rules.md` B2). Pure."""

from dataclasses import dataclass
from datetime import datetime

from shared.calendar import add_months, month_period_containing


@dataclass(frozen=True)
class Period:
    """`[start, end)`, and the first moment after `start` at which an invoice falls due: each month (B10)."""

    start: datetime
    end: datetime
    first_turn: datetime


def period_containing(anchor: datetime, months: int, moment: datetime) -> Period:
    """The period of `months` calendar months that `moment` lies in; the anchor's day is kept, clamped at a month's end.

    Raises:
        ValueError: `moment` lies before the anchor.
    """
    month_start, _ = month_period_containing(anchor, moment)
    passed = (month_start.year - anchor.year) * 12 + month_start.month - anchor.month
    first = passed - passed % months
    return Period(add_months(anchor, first), add_months(anchor, first + months), add_months(anchor, first + 1))


def next_turn_after(anchor: datetime, moment: datetime) -> datetime:
    """The first monthly turn of the cycle after `moment`."""
    return month_period_containing(anchor, moment)[1]
