"""The days that statistics are asked for. Pure."""

from datetime import date, datetime, timedelta
from typing import Final

from shared.errors import FieldError

DEFAULT_DAYS: Final = 30
MAX_DAYS: Final = 366


class WindowOutOfRangeError(FieldError):
    """The window has no day, or more than a picture can show."""

    code = "window_out_of_range"
    title = "The window of days is out of range"


def window(first: date | None, last: date | None, *, now: datetime) -> tuple[date, date]:
    """The first and the last day, both within.

    Without `last` the window ends today (UTC); without `first` it has 30 days, or as many as the calendar has before `last`.

    Raises:
        WindowOutOfRangeError: `first` is after `last`, or there are more than 366 days.
    """
    to = last or now.date()
    start = first or date.fromordinal(max(to.toordinal() - DEFAULT_DAYS + 1, 1))
    if start > to:
        raise WindowOutOfRangeError("from", f"The first day must not be after the last, {to}.")
    if to - start >= timedelta(days=MAX_DAYS):
        raise WindowOutOfRangeError("from", f"At most {MAX_DAYS} days can be asked for at once.")
    return start, to


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both within."""
    return [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
