"""Until when a code can be redeemed (`rules.md` C3). Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.calendar import add_days, add_months

MAX_CUSTOM_DAYS: Final = 3650


class ExpiryPreset(StrEnum):
    """What a creator can pick; `custom` comes with a number of days."""

    NO_EXPIRY = "no_expiry"
    ONE_DAY = "1_day"
    ONE_WEEK = "1_week"
    ONE_MONTH = "1_month"
    ONE_YEAR = "1_year"
    CUSTOM = "custom"


def code_expiry(start: datetime, preset: ExpiryPreset, days: int | None) -> datetime | None:
    """The first moment at which a code can't be redeemed any more; None: it always can.

    Months and years are the calendar's, clamped at a month's end: 31 January + `1_month` is the last of February.

    Args:
        start: aware UTC, the moment of the request.
        days: 1 to 3650 with `custom`, else None.

    Raises:
        ValueError: `days` does not belong to the preset.
    """
    if (preset is ExpiryPreset.CUSTOM) != (days is not None):
        msg = "days belong to `custom`, and to nothing else"
        raise ValueError(msg)
    match preset:
        case ExpiryPreset.NO_EXPIRY:
            return None
        case ExpiryPreset.ONE_DAY:
            return add_days(start, 1)
        case ExpiryPreset.ONE_WEEK:
            return add_days(start, 7)
        case ExpiryPreset.ONE_MONTH:
            return add_months(start, 1)
        case ExpiryPreset.ONE_YEAR:
            return add_months(start, 12)
        case ExpiryPreset.CUSTOM:
            return add_days(start, days or 0)
