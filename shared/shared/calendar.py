"""Calendar arithmetic on aware UTC datetimes. Pure.

Months and years are calendar months and years counted from one anchor, with the anchor's day kept and clamped at a
month's end: 31 January, 28 or 29 February, 31 March (`rules.md` C3, M1, B2). Adding month by month would lose the 31st,
so callers always count from the anchor.
"""

from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta


def add_months(anchor: datetime, months: int) -> datetime:
    """`anchor` plus calendar months, the day clamped to the target month's last."""
    return anchor + relativedelta(months=months)


def add_days(anchor: datetime, days: int) -> datetime:
    """`anchor` plus days of 24 hours (UTC has no other kind)."""
    return anchor + timedelta(days=days)


def month_period_containing(anchor: datetime, moment: datetime) -> tuple[datetime, datetime]:
    """The monthly period `[start, end)` of an anchored cycle that `moment` lies in.

    Args:
        anchor: the first period's start; `moment` must not be before it.
        moment: aware UTC.

    Raises:
        ValueError: `moment` lies before the anchor.
    """
    if moment < anchor:
        msg = "moment lies before the cycle's anchor"
        raise ValueError(msg)
    months = (moment.year - anchor.year) * 12 + moment.month - anchor.month
    if add_months(anchor, months) > moment:
        months -= 1
    return add_months(anchor, months), add_months(anchor, months + 1)


def rfc3339(moment: datetime) -> str:
    """An aware datetime as RFC 3339 in UTC with a Z: `2026-01-31T10:00:00Z`; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
