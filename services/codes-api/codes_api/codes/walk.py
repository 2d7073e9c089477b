"""Walks a project's list from batch to batch, past all codes that can't fit.

A code's plan and expiry are its batch's. So a filter over them chooses batches, and a filter over the status chooses the
entries of an index, and what is looked for lies where the two meet. The walk goes down both in turn: the newest batch that
has such codes; the next one from there that fits; from there again the next one that has such codes; and so on until a page
is full. Of what does not fit it reads one entry where it lands, and jumps over the rest, however much there is of it.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, null, select, true, tuple_

from codes_api.codes.models import AccessCode, Batch

Place = tuple[UUID, int]
"""(batch, position): where a code stands in its project's list."""
Conditions = Sequence[ColumnElement[bool]]

_BEFORE_ALL: Final = -1
_AFTER_ALL: Final = 2**31 - 1


def behind(columns: Any, after: Place | None, *, oldest_first: bool) -> list[ColumnElement[bool]]:
    """That a code stands behind a place: one row comparison, which PostgreSQL turns into a place in the index."""
    return [] if after is None else [_behind(columns, literal(after[0]), literal(after[1]), oldest_first=oldest_first)]


def in_order(columns: Any, *, oldest_first: bool) -> list[ColumnElement[Any]]:
    """The order of the list, in the words of the primary key."""
    keys = (columns.batch_id, columns.position)
    return [key.asc() if oldest_first else key.desc() for key in keys]


def batches_with_codes(
    place: dict[str, UUID],
    *,
    such: Conditions,
    looked_at: Conditions,
    fitting: Conditions,
    after: Place | None,
    limit: int,
    oldest_first: bool,
) -> Select[tuple[UUID]]:
    """The next batches that fit and have such codes, as many as it takes for `limit` codes.

    Args:
        such: over codes: what an index holds exactly.
        looked_at: over codes: what is looked at one by one.
        fitting: over batches.
    """
    mine = [getattr(AccessCode, name) == value for name, value in place.items()]
    order = in_order(AccessCode, oldest_first=oldest_first)
    reached = behind(AccessCode, after, oldest_first=oldest_first)
    first = select(AccessCode.batch_id).where(*mine, *such, *reached).order_by(*order).limit(1).subquery("first_with_codes")
    # `batch_id` has such codes; `hit` is the batch before it, if that one fitted; `found`: codes of all hits, roughly.
    walk = select(first.c.batch_id, literal(None, Batch.id.type).label("hit"), literal(0).label("found")).cte(
        "walk", recursive=True
    )
    fits = (
        select(Batch.id)
        .where(
            *(getattr(Batch, name) == value for name, value in place.items()),
            Batch.id >= walk.c.batch_id if oldest_first else Batch.id <= walk.c.batch_id,
            *fitting,
        )
        .order_by(Batch.id.asc() if oldest_first else Batch.id.desc())
        .limit(1)
        .lateral("fits")
    )
    is_hit = fits.c.id == walk.c.batch_id
    past, up_to = (_AFTER_ALL, _BEFORE_ALL) if oldest_first else (_BEFORE_ALL, _AFTER_ALL)
    following = (
        select(AccessCode.batch_id)
        .where(*mine, *such, _behind(AccessCode, fits.c.id, case((is_hit, past), else_=up_to), oldest_first=oldest_first))
        .order_by(*order)
        .limit(1)
        .lateral("following")
    )
    inside = select(literal(1)).where(*mine, AccessCode.batch_id == fits.c.id, *such, *looked_at, *reached).limit(limit)
    count = func.cardinality(func.array(inside.scalar_subquery()))
    step = (
        select(following.c.batch_id, case((is_hit, fits.c.id)), walk.c.found + case((is_hit, count), else_=0))
        .select_from(walk.join(fits, true()).outerjoin(following, true()))
        .where(walk.c.batch_id.is_not(null()), walk.c.found < limit)
    )
    walk = walk.union_all(step)
    return select(walk.c.hit).where(walk.c.hit.is_not(null()))


def _behind(columns: Any, batch_id: Any, position: Any, *, oldest_first: bool) -> ColumnElement[bool]:
    key, place = tuple_(columns.batch_id, columns.position), tuple_(batch_id, position)
    return key > place if oldest_first else key < place
