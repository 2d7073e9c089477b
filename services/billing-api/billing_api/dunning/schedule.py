"""When an overdue invoice is charged again by itself (`rules.md` D1). Pure."""

from datetime import datetime, timedelta
from typing import Final

RETRY_DAYS: Final = (1, 2, 4, 7, 11, 16, 22, 29)
"""Days of 24 hours after the first failed charge."""


def next_retry_at(overdue_since: datetime, after: datetime) -> datetime | None:
    """The first retry after a moment; None: there is none left.

    Each retry has its own day and the way goes only forward, so that there are 8 at most. A day that passes while nobody
    may be charged (an answer is awaited, there is no card) passes unused.
    """
    moments = (overdue_since + timedelta(days=days) for days in RETRY_DAYS)
    return next((moment for moment in moments if moment > after), None)
