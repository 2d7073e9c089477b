"""An account's standing by its oldest open overdue invoice (`rules.md` D2). Pure."""

from datetime import datetime, timedelta
from typing import Final

from shared.contracts.accounts import Standing

LADDER: Final[tuple[tuple[timedelta, Standing], ...]] = (
    (timedelta(days=90), Standing.DELETABLE),
    (timedelta(days=60), Standing.SUSPENDED),
    (timedelta(days=30), Standing.LOCKED),
    (timedelta(0), Standing.GRACE),
)
"""From which age on which standing holds: "more than 30 days" is the instant at which 30 x 24 h have passed."""


def standing_at(oldest_overdue: datetime | None, now: datetime) -> Standing:
    """The standing of an account whose oldest open overdue invoice is overdue since then; None: it has none."""
    if oldest_overdue is None:
        return Standing.ACTIVE
    age = now - oldest_overdue
    return next((standing for since, standing in LADDER if age >= since), Standing.ACTIVE)


def next_change_at(oldest_overdue: datetime | None, now: datetime) -> datetime | None:
    """When the standing gets worse next, if nothing is paid; None: never."""
    if oldest_overdue is None:
        return None
    steps = (oldest_overdue + since for since, _ in reversed(LADDER))
    return next((moment for moment in steps if moment > now), None)
