"""What a plan change gives and costs, to the cent (`rules.md` B3, B4; `spec/platform-subscriptions.txt`). Pure.

All amounts are cents. Time is measured as exactly as it is known; every amount is rounded once, half up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from shared.money import half_up


class ChangeKind(StrEnum):
    """`subscribe`: from the free plan to one that costs something."""

    SUBSCRIBE = "subscribe"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True)
class Terms:
    """What of a plan decides a change: its rank, the months of a period, the price of a period."""

    tier: int
    months: int
    price: int


@dataclass(frozen=True)
class Running:
    """The running period and the price it was sold at."""

    start: datetime
    end: datetime
    price: int


@dataclass(frozen=True)
class Settlement:
    """What a change comes to.

    `credit`: for the unused time of the old plan. `cost`: of the new one, for what is sold now. `to_charge`: an invoice
    over this is issued. `to_balance`: this goes to the credit balance. One of the two is 0, and
    `credit - cost = to_balance - to_charge` always. `new_period`: a period starts now; else the running one goes on.
    """

    credit: int
    cost: int
    to_charge: int
    to_balance: int
    new_period: bool


def kind_of(old: Terms, new: Terms) -> ChangeKind:
    """Whether a change goes up or down: by tier, in a tier by the interval, and between equals by the price a month."""
    if old.tier != new.tier:
        return ChangeKind.UPGRADE if new.tier > old.tier else ChangeKind.DOWNGRADE
    if old.months != new.months:
        return ChangeKind.UPGRADE if new.months > old.months else ChangeKind.DOWNGRADE
    return ChangeKind.UPGRADE if new.price > old.price else ChangeKind.DOWNGRADE


def unused_share(running: Running, now: datetime) -> Fraction:
    """The part of the period that is left: 1 at its start, 0 at its end and after."""
    left = min(max(running.end - now, timedelta()), running.end - running.start)
    microsecond = timedelta(microseconds=1)
    return Fraction(left // microsecond, (running.end - running.start) // microsecond)


def unused_credit(running: Running, now: datetime) -> int:
    """What the unused part of the running period is worth."""
    return half_up(running.price * unused_share(running, now))


def settle_upgrade(running: Running, new: Terms, now: datetime) -> Settlement:
    """A new period starts now at full price, less the credit; credit beyond the price goes to the balance (B3)."""
    return _settle(unused_credit(running, now), new.price, new_period=True)


def settle_downgrade(running: Running, old: Terms, new: Terms, now: datetime) -> Settlement:
    """Same interval: the period goes on and the new plan costs its share of it. Other interval: a new period (B4)."""
    credit = unused_credit(running, now)
    if old.months == new.months:
        return _settle(credit, half_up(new.price * unused_share(running, now)), new_period=False)
    return _settle(credit, new.price, new_period=True)


def settle_to_free(running: Running, now: datetime) -> Settlement:
    """The whole credit goes to the balance and a free monthly period starts now (B4)."""
    return _settle(unused_credit(running, now), 0, new_period=True)


def _settle(credit: int, cost: int, *, new_period: bool) -> Settlement:
    return Settlement(
        credit=credit, cost=cost, to_charge=max(0, cost - credit), to_balance=max(0, credit - cost), new_period=new_period
    )
