"""An account's standing as a state machine (`rules.md` D2, D3). Pure.

active -> grace -> locked -> suspended -> deletable -> deleted, by the age of the oldest open overdue invoice. Each step is
taken once, in this order, also when somebody looks late. The way back:

- from grace: when nothing is overdue any more;
- from locked, suspended and deletable: when everything that is open is paid. Paying only the oldest of several makes the
  next step come later, but unlocks nothing;
- from deleted: none.
"""

from dataclasses import dataclass
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

DELETED_AFTER: Final = timedelta(days=90, hours=1)
"""The sweep, where it is turned on. An hour after the last word to the creator: erasing takes the bot that carries it."""

_DOWN: Final = (*reversed(LADDER), (DELETED_AFTER, Standing.DELETED))
_RANK: Final = {standing: rank for rank, standing in enumerate(Standing)}


@dataclass(frozen=True)
class Books:
    """What of an account's open invoices decides: since when the oldest overdue one is so, and whether any is open."""

    oldest_overdue: datetime | None
    anything_open: bool


@dataclass(frozen=True)
class Step:
    """A change of standing, and the moment from which the new one holds."""

    to: Standing
    at: datetime


def standing_at(oldest_overdue: datetime | None, now: datetime) -> Standing:
    """The standing of an account whose oldest open overdue invoice is overdue since then; None: it has none."""
    if oldest_overdue is None:
        return Standing.ACTIVE
    age = now - oldest_overdue
    return next((standing for since, standing in LADDER if age >= since), Standing.ACTIVE)


def next_change_at(oldest_overdue: datetime | None, now: datetime) -> datetime | None:
    """When the standing gets worse next, if nothing is paid; None: never (deletion is the operator's choice)."""
    if oldest_overdue is None:
        return None
    steps = (oldest_overdue + since for since, _ in reversed(LADDER))
    return next((moment for moment in steps if moment > now), None)


def steps_due(current: Standing, books: Books, *, now: datetime, deletes: bool = False) -> list[Step]:
    """The steps from the present standing that are due by now, in order; none: it stays.

    Args:
        current: the standing that is written down.
        books: the account's open invoices.
        now: domain time.
        deletes: the operator turned deletion on.
    """
    if current is Standing.DELETED:
        return []
    if books.oldest_overdue is None:
        back = current is Standing.GRACE or (current.restricted and not books.anything_open)
        return [Step(Standing.ACTIVE, now)] if back else []
    steps = [Step(standing, books.oldest_overdue + since) for since, standing in _worse_than(current)]
    return [step for step in steps if step.at <= now and (deletes or step.to is not Standing.DELETED)]


def next_step_at(current: Standing, books: Books) -> datetime | None:
    """When the next step down falls due, if nothing is paid; of a deletable account: when the sweep may delete it."""
    if books.oldest_overdue is None:
        return None
    return next((books.oldest_overdue + since for since, _ in _worse_than(current)), None)


def _worse_than(current: Standing) -> list[tuple[timedelta, Standing]]:
    return [(since, standing) for since, standing in _DOWN if _RANK[standing] > _RANK[current]]
