"""How long a membership lasts (`rules.md` M1). Pure.

n days, weeks, calendar months or years, or lifetime; always counted from the membership's start, so that the start's day
is kept and only clamped: from 31 January one month is 28 February, two are 31 March. The guarded statement of
`codes/redeem.py` counts the same in SQL; a property test holds the two together.
"""

from datetime import UTC, datetime

from shared.calendar import add_days, add_months

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}

LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""Later ends are cut to this one, the last day that every language at the other end of the API can read."""


def period_end(start: datetime, unit: str, count: int, periods: int = 1) -> datetime | None:
    """The end of `periods` plan periods from `start`; None for lifetime."""
    try:
        if unit in MONTHS:
            end = add_months(start, MONTHS[unit] * count * periods)
        elif unit in DAYS:
            end = add_days(start, DAYS[unit] * count * periods)
        else:
            return None
    except (OverflowError, ValueError):
        return LATEST
    return min(end, LATEST)


def period_in_words(unit: str, count: int) -> str:
    """For people: "1 month", "3 weeks", "lifetime"."""
    if unit == "lifetime":
        return "lifetime"
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
