"""The sweep: unredeemed codes past their expiry become tombstones and free their quota (`rules.md` C3, C4, Q1).

It goes by batches, all of whose codes expire together. A batch that is marked as swept has no code left that could be
redeemed or revoked; those that were neither are its tombstones from then on (docs/adr/0010).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from shared.contracts.events import EventType
from shared.contracts.quota import MAX_EXPIRED
from shared.outbox import stage_all
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    TableValuedAlias,
    Update,
    Uuid,
    and_,
    column,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from codes_api.base import outbox
from codes_api.codes.models import BURIED, OPEN, UNSWEPT, AccessCode, Batch
from codes_api.webhooks.models import WebhookEndpoint

AT_ONCE: Final = 100_000
"""Codes swept by one run: a transaction of a fraction of a second, so that locks are short and a stop loses little."""
FORGOTTEN: Final = 5_000
"""Tombstones deleted by one run."""
BATCHES: Final = 1_000
"""Batches of one run, should they be small ones."""

_Key = tuple[UUID, UUID, UUID]
_KEY: Final = ("account_id", "project_id", "id")
_account: Final = attrgetter("account_id")


class _Swept(NamedTuple):
    """A batch that was swept, how many open codes it had, and whether the creator's servers are told."""

    account_id: UUID
    batch_id: UUID
    codes: int
    told: bool

    @property
    def said(self) -> dict[str, str | int]:
        """What is said of it."""
        return {"batch_id": str(self.batch_id), "quantity": self.codes}


async def expire_codes(session: AsyncSession, *, now: datetime, limit: int = AT_ONCE) -> int:
    """Sweep batches that are due, earliest first: mark them, count their open codes, and tell who counts them.

    A batch is due when `expires_at <= now`. One that somebody holds is left for the next run: another sweep, or a
    redemption or a revocation that began in time, of which it is not yet known whether it takes its code. Marks and
    events are one transaction.

    Args:
        limit: whole batches are taken until they hold so many codes.

    Returns:
        How many codes became tombstones.
    """
    due = [text(UNSWEPT), Batch.expires_at <= now]
    while batches := await _hold(session, due, by=Batch.expires_at, limit=limit):
        swept = [one for one in await _mark_as_swept(session, batches, now=now) if one.codes]
        if swept:
            await _tell(session, swept, now=now)
            return sum(one.codes for one in swept)
        # All of them were redeemed in time: on to the next.
    return 0


async def _tell(session: AsyncSession, swept: Sequence[_Swept], *, now: datetime) -> None:
    """Billing, of many batches at a time: the word of each would cost more than the sweep. The creator's servers, where there
    are any, of each."""
    events = []
    for account_id, of_account in groupby(sorted(swept, key=_account), key=_account):
        said = [one.said for one in of_account]
        events += [(account_id, {"batches": said[begin : begin + MAX_EXPIRED]}) for begin in range(0, len(said), MAX_EXPIRED)]
    await stage_all(session, outbox, EventType.BATCHES_EXPIRED, events, now=now)
    told = [(one.account_id, one.said) for one in swept if one.told]
    if told:
        await stage_all(session, outbox, EventType.CODES_EXPIRED, told, now=now)


async def forget_tombstones(session: AsyncSession, *, now: datetime, keep_days: int, limit: int = FORGOTTEN) -> int:
    """Delete the tombstones of batches that were swept more than `keep_days` ago (a setting, 400); returns how many.

    Args:
        limit: whole batches are taken until they hold so many codes.
    """
    old = [text(BURIED), Batch.swept_at < now - timedelta(days=keep_days)]
    batches = await _hold(session, old, by=Batch.swept_at, limit=limit)
    if not batches:
        return 0
    held = _as_rows(batches)
    tombstones = delete(AccessCode).where(*_of_batch(held.c), *OPEN).returning(AccessCode.position)
    gone = await session.execute(tombstones.execution_options(synchronize_session=False))
    await session.execute(_marked(batches, forgotten_at=now))
    return len(gone.all())


async def _hold(session: AsyncSession, where: Sequence[Any], *, by: InstrumentedAttribute[Any], limit: int) -> list[_Key]:
    """The next batches in that order, whole, until they hold `limit` codes. Nobody redeems or revokes a code of them until the
    transaction ends; those that somebody else holds are passed over."""
    keys = [getattr(Batch, name) for name in _KEY]
    due = select(*keys, Batch.quantity, by.label("due_at")).where(*where).order_by(by, Batch.id).limit(BATCHES)
    first = due.subquery("first")
    up_to = func.sum(first.c.quantity).over(order_by=(first.c.due_at, first.c.id))
    counted = select(first, up_to.label("up_to")).subquery("counted")
    query = (
        select(*keys)
        .join(counted, and_(*(key == counted.c[key.name] for key in keys)))
        .where(counted.c.up_to - counted.c.quantity < limit, *where)
        .with_for_update(key_share=True, skip_locked=True, of=Batch)
    )
    return [(account_id, project_id, batch_id) for account_id, project_id, batch_id in await session.execute(query)]


async def _mark_as_swept(session: AsyncSession, batches: Sequence[_Key], *, now: datetime) -> list[_Swept]:
    """A statement after the one that held them, so that it sees all that was redeemed before: in one with it, it would count
    the codes as they were when it began to wait."""
    open_codes = select(func.count()).select_from(AccessCode).where(*_of_batch(Batch), *OPEN).correlate(Batch).scalar_subquery()
    endpoint = exists().where(
        WebhookEndpoint.account_id == Batch.account_id, WebhookEndpoint.project_id == Batch.project_id, WebhookEndpoint.enabled
    )
    marked = _marked(batches, swept_at=now, progressed_at=func.clock_timestamp())
    rows = await session.execute(marked.returning(Batch.account_id, Batch.id, open_codes, endpoint))
    return [_Swept(*row) for row in rows]


def _marked(batches: Sequence[_Key], **moment: Any) -> Update:
    held = _as_rows(batches)
    mine = [getattr(Batch, name) == held.c[name] for name in _KEY]
    return update(Batch).where(*mine).values(**moment).execution_options(synchronize_session=False)


def _of_batch(batch: Any) -> list[ColumnElement[bool]]:
    """That a code is of this batch, whose columns are given."""
    return [AccessCode.account_id == batch.account_id, AccessCode.project_id == batch.project_id, AccessCode.batch_id == batch.id]


def _as_rows(batches: Sequence[_Key]) -> TableValuedAlias:
    """One parameter a column, however many there are."""
    ids = [literal(list(of_all), ARRAY(Uuid)) for of_all in zip(*batches, strict=True)]
    return func.unnest(*ids).table_valued(*(column(name, Uuid) for name in _KEY)).render_derived(name="held")
