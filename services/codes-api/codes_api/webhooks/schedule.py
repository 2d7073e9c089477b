"""When a delivery that failed is tried again. Pure.

Growing pauses, as the Standard Webhooks specification advises, for three days after the first try; the last try is made
when exactly three days have passed.
"""

from datetime import datetime, timedelta
from typing import Final

GIVE_UP_AFTER: Final = timedelta(days=3)

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The pause after the first failure, after the second, and so on; the last one repeats."""


def next_try(*, tried_since: datetime, tried_at: datetime, tries: int) -> datetime | None:
    """When to try again after a failure; None: three days have passed, give up.

    Args:
        tried_since: the first try of this round.
        tried_at: the try that failed just now.
        tries: how many there were in this round, at least 1.
    """
    end = tried_since + GIVE_UP_AFTER
    if tried_at >= end:
        return None
    return min(tried_at + PAUSES[min(tries, len(PAUSES)) - 1], end)
