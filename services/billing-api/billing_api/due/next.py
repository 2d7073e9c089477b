"""What is due in billing, and when: one query a kind of work, each reading the first entries of an index."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.quota import ReservationState
from shared.db import UtcDateTime
from sqlalchemy import CompoundSelect, Select, bindparam, exists, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.due.models import DueBackoff
from billing_api.invoices.models import Invoice, InvoiceStatus
from billing_api.payments.models import UNRESOLVED, PaymentAttempt
from billing_api.quota.models import QuotaReservation
from billing_api.subscriptions.models import Subscription


class DueKind(StrEnum):
    """Kinds of due work, in the order in which they go at the same moment: a payment comes before the lock it averts, and
    a lock before the renewal it forbids."""

    LAPSE = "lapse"
    """A reservation that nobody confirmed."""
    CHARGE = "charge"
    """A payment attempt whose end is not written down."""
    RETRY = "retry"
    """An open invoice that is to be charged again."""
    STANDING = "standing"
    """The next step of an account's standing."""
    DELETION = "deletion"
    """A deletable account, if the operator turned deletion on."""
    TURN = "turn"
    """The turn of a cycle."""


ORDER = {kind: place for place, kind in enumerate(DueKind)}


@dataclass(frozen=True)
class DueItem:
    """One piece of due work, done in transactions of its own. `failed`: it raised an error the last time."""

    due_at: datetime
    kind: DueKind
    account_id: UUID
    item_id: UUID
    failed: bool

    @property
    def place(self) -> tuple[datetime, int]:
        """Order of time, and of kinds at the same moment."""
        return self.due_at, ORDER[self.kind]


async def find_due(session: AsyncSession, *, now: datetime, limit: int, deletes: bool) -> list[DueItem]:
    """What is due by now, earliest first."""
    return (await _first_items(session, limit=limit, deletes=deletes, now=now))[:limit]


async def next_due(session: AsyncSession, *, deletes: bool = False) -> datetime | None:
    """The earliest due moment (domain time); None: nothing is planned."""
    items = await _first_items(session, limit=1, deletes=deletes, now=None)
    return items[0].due_at if items else None


async def _first_items(session: AsyncSession, *, limit: int, deletes: bool, now: datetime | None) -> list[DueItem]:
    query = _first_of_each(limit, deletes=deletes, bounded=now is not None)
    rows = await session.execute(query, {} if now is None else {"now": now})
    items = [DueItem(due_at, DueKind(kind), account_id, item_id, failed) for due_at, kind, account_id, item_id, failed in rows]
    return sorted(items, key=lambda item: item.place)


@cache  # it is asked at each step of a clock advance, and building it costs more than asking it
def _first_of_each(limit: int, *, deletes: bool, bounded: bool) -> CompoundSelect[*tuple[Any, ...]]:
    kinds = [kind for kind in DueKind if deletes or kind is not DueKind.DELETION]
    queries: list[Select[*tuple[Any, ...]]] = [_first(_planned(kind), limit, bounded=bounded) for kind in kinds]
    failed = select(
        DueBackoff.until.label("due_at"), DueBackoff.kind.label("kind"), DueBackoff.account_id, DueBackoff.item_id, literal(True)
    ).where(or_(literal(deletes), DueBackoff.kind != DueKind.DELETION))
    queries.append(_first(failed, limit, bounded=bounded))
    return union_all(*(select(query.subquery()) for query in queries))


def _first(query: Select[*tuple[Any, ...]], limit: int, *, bounded: bool) -> Select[*tuple[Any, ...]]:
    due_at = query.selected_columns[0]
    by_now = query.where(due_at <= bindparam("now", type_=UtcDateTime)) if bounded else query
    return by_now.order_by(due_at).limit(limit)


def _planned(kind: DueKind) -> Select[*tuple[Any, ...]]:
    """Everything planned of a kind but what waits because it failed."""
    match kind:
        case DueKind.LAPSE:
            query = _items(kind, QuotaReservation.lapses_at, QuotaReservation.account_id, QuotaReservation.batch_id)
            return query.where(QuotaReservation.state == ReservationState.RESERVED)
        case DueKind.CHARGE:
            # A lease is real time: somebody is at it.
            free = or_(PaymentAttempt.leased_until.is_(None), PaymentAttempt.leased_until < func.clock_timestamp())
            query = _items(kind, PaymentAttempt.resolve_at, PaymentAttempt.account_id, PaymentAttempt.id)
            return query.where(PaymentAttempt.status.in_(UNRESOLVED), free)
        case DueKind.RETRY:
            query = _items(kind, Invoice.next_attempt_at, Invoice.account_id, Invoice.id)
            return query.where(Invoice.status == InvoiceStatus.OPEN, Invoice.next_attempt_at.is_not(None))
        case DueKind.STANDING:
            query = _items(kind, Account.next_standing_at, Account.account_id, Account.account_id)
            return query.where(Account.next_standing_at.is_not(None), Account.standing != Standing.DELETABLE)
        case DueKind.DELETION:
            query = _items(kind, Account.next_standing_at, Account.account_id, Account.account_id)
            return query.where(Account.next_standing_at.is_not(None), Account.standing == Standing.DELETABLE)
        case DueKind.TURN:
            query = _items(kind, Subscription.next_turn_at, Subscription.account_id, Subscription.account_id)
            return query.where(~Subscription.paused)


def _items(kind: DueKind, due_at: Any, account_id: Any, item_id: Any) -> Select[*tuple[Any, ...]]:
    waits = exists().where(DueBackoff.account_id == account_id, DueBackoff.kind == kind, DueBackoff.item_id == item_id)
    return select(
        due_at.label("due_at"),
        literal(kind.value).label("kind"),
        account_id.label("account_id"),
        item_id.label("item_id"),
        literal(False).label("failed"),
    ).where(~waits)
