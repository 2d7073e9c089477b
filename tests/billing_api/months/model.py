"""What must be true, worked out a second time from `rules.md` and nothing of the service. Pure."""

import calendar
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction

RESTRICTED = ("locked", "suspended", "deletable")
LADDER = ((90, "deletable"), (60, "suspended"), (30, "locked"), (0, "grace"))
LAPSES_AFTER = timedelta(minutes=15)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Plan:
    """A platform plan. `price` in cents, `included` codes a cycle (None: any number)."""

    code: str
    tier: int
    months: int
    price: int
    included: int | None
    fee_rate: Fraction
    projects: int | None = None


FREE = Plan("free", 0, 1, 0, 5, Fraction(10, 100), 3)
CATALOG = (
    FREE,
    Plan("starter_monthly", 1, 1, 3_900, 200, Fraction(3, 100), 10),
    Plan("starter_yearly", 1, 12, 39_000, 2_600, Fraction(3, 100), 12),
    Plan("growth_monthly", 2, 1, 8_900, 500, Fraction(1, 100), 20),
    Plan("growth_yearly", 2, 12, 89_000, 6_500, Fraction(1, 100), 25),
)


@dataclass(frozen=True)
class Running:
    """A subscription's running period, counted from `anchor`."""

    plan: Plan
    anchor: datetime
    start: datetime
    end: datetime
    cancelled: bool = False

    @classmethod
    def beginning(cls, plan: Plan, at: datetime) -> "Running":
        return cls(plan, at, at, months_after(at, plan.months))

    def next(self) -> "Running":
        """The period after this one (B2, B9)."""
        if self.cancelled:
            return Running.beginning(FREE, self.end)
        passed = (self.end.year - self.anchor.year) * 12 + self.end.month - self.anchor.month
        return replace(self, start=self.end, end=months_after(self.anchor, passed + self.plan.months))


@dataclass(frozen=True)
class Terms:
    """What a plan change comes to (B3, B4), in cents."""

    kind: str
    credit: int
    cost: int
    to_charge: int
    to_balance: int
    after: Running


@dataclass
class Batch:
    """Quota that was set aside. `state`: reserved, confirmed, released, lapsed."""

    cycle: datetime
    quantity: int
    fee: int
    lapses_at: datetime
    state: str = "reserved"
    expired: int = 0

    @property
    def counts(self) -> int:
        return self.quantity - self.expired if self.state in {"reserved", "confirmed"} else 0


@dataclass
class Quota:
    """The batches of an account."""

    batches: dict[str, Batch] = field(default_factory=dict)

    def used(self, cycle: datetime) -> int:
        return sum(batch.counts for batch in self.batches.values() if batch.cycle == cycle)

    def lapse(self, now: datetime) -> None:
        for batch in self.batches.values():
            if batch.state == "reserved" and batch.lapses_at <= now:
                batch.state = "lapsed"


def months_after(anchor: datetime, months: int) -> datetime:
    """The anchor's day is kept, clamped at a month's end."""
    years, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return anchor.replace(year=years, month=month + 1, day=min(anchor.day, calendar.monthrange(years, month + 1)[1]))


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def fee(amount: int, rate: Fraction) -> int:
    """Q2, B6: once, half up."""
    return half_up(amount * rate)


def change(running: Running, new: Plan, now: datetime) -> Terms:
    """What leaving a running, paid period for another plan comes to."""
    old = running.plan
    left = Fraction((running.end - now) // TICK, (running.end - running.start) // TICK)
    credit = half_up(old.price * left)
    up = (new.tier, new.months, new.price) > (old.tier, old.months, old.price)
    goes_on = not up and new.months == old.months and FREE not in (old, new)
    cost = half_up(new.price * left) if goes_on else new.price
    after = replace(running, plan=new, cancelled=False) if goes_on else Running.beginning(new, now)
    kind = "subscribe" if old is FREE else "upgrade" if up else "downgrade"
    return Terms(kind, credit, cost, max(0, cost - credit), max(0, credit - cost), after)


def periods(running: Running, now: datetime) -> list[Running]:
    """The periods that begin by now, if nothing restricts the account."""
    begun = []
    while running.end <= now:
        running = running.next()
        begun.append(running)
    return begun


def standing(before: str, oldest_overdue: datetime | None, *, anything_open: bool, now: datetime) -> str:
    """D2, D3: down by the oldest overdue invoice, back from a lock only when everything is paid."""
    by_age = "active"
    if oldest_overdue is not None:
        by_age = next(name for days, name in LADDER if now - oldest_overdue >= timedelta(days=days))
    if before in RESTRICTED and anything_open:
        order = ("active", "grace", *RESTRICTED)
        return max(before, by_age, key=order.index)
    return by_age
