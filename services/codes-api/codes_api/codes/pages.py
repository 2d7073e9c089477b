"""Reads one page of codes in a way that costs as much among ten million as among ten thousand (docs/adr/0007).

Each of the two tables gives its next page, and the two are merged. Which way a table's page is read depends on the filters,
never on the planner's guess at how many rows they leave:

- a batch: its own codes, a thousand at most;
- a typed piece: all codes that look like it, by the index over codes, then sorted; unless there are too many of them,
  because the piece is one symbol, or the common beginning of imported codes;
- a plan, a window, or a status that is a matter of time: the walk from batch to batch;
- else: straight down the index of the status.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, case, func, literal, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.filters import CodeFilters, Condition, batch_fits, has_status, is_whole, looks_like, pieces
from codes_api.codes.models import AccessCode, Batch, ExpiredCode
from codes_api.codes.status import CodeStatus
from codes_api.codes.walk import Place, batches_with_codes, behind, in_order
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.projects.models import Project

Codes = type[AccessCode | ExpiredCode]
_Page = Select[*tuple[Any, ...]]

MANY: Final = 20_000
"""So many codes are sorted in some 20 ms. A piece that more codes begin with is common enough to be met on the way."""


@dataclass(frozen=True)
class Reading:
    """What page is read."""

    account_id: UUID
    project_id: UUID
    filters: CodeFilters
    now: datetime
    after: Place | None
    limit: int
    oldest_first: bool

    def of_project(self, table: type[AccessCode | ExpiredCode | Batch | MembershipPlan | Membership]) -> list[Condition]:
        """That a row is of this account and project."""
        return [table.account_id == self.account_id, table.project_id == self.project_id]


async def page_of_places(session: AsyncSession, reading: Reading) -> _Page:
    """The query of the page, of codes and tombstones as far as the filters can hold for them."""
    buried_too = reading.filters.status in (None, CodeStatus.EXPIRED)
    tables: list[Codes] = [AccessCode, ExpiredCode] if buried_too else [AccessCode]
    typed = reading.filters.typed
    by_code = typed is not None and (is_whole(typed) or not await _is_common(session, reading, typed))
    # Each reads no more than a page; together they are at most two pages to be merged.
    both = union_all(*(select(_page(reading, table, by_code=by_code).subquery()) for table in tables)).subquery()
    order = (both.c.batch_id, both.c.position)
    return select(both).order_by(*(key if reading.oldest_first else key.desc() for key in order)).limit(reading.limit)


async def _is_common(session: AsyncSession, reading: Reading, typed: str) -> bool:
    """Whether too many codes begin like that to be sorted. Generated codes are random: of ten million, 300,000 share their
    first symbol and 10,000 their first two. Imported ones can all begin alike, or none as it was typed: they are counted."""
    likely = [
        select(literal(1)).where(*reading.of_project(table), looks_like(table, typed)).limit(MANY + 1)
        for table in (AccessCode, ExpiredCode)
    ]
    counts = [select(func.count()).select_from(one.subquery()).scalar_subquery() for one in likely]
    one_symbol = any(len(piece) == 1 for piece in pieces(typed))
    query = select(case((Project.has_imports, counts[0] + counts[1] > MANY), else_=one_symbol)).where(
        Project.account_id == reading.account_id, Project.id == reading.project_id
    )
    return bool((await session.execute(query)).scalar_one_or_none())


def _page(reading: Reading, table: Codes, *, by_code: bool) -> _Page:
    filters = reading.filters
    such = has_status(filters.status) if table is AccessCode else []
    typed = [looks_like(table, filters.typed)] if filters.typed is not None else []
    if by_code:
        found = _codes(reading, table, *such, *typed, *_of_batch(filters, table), *batch_fits(filters, table, reading.now))
        # Found first and then put in order: with the two in one, the planner may prefer to walk all codes in their order.
        few = found.cte(f"few_{table.__tablename__}").prefix_with("MATERIALIZED")
        return _in_order(reading, few.c, select(few))
    if filters.batch_id is not None:
        conditions = [*such, *typed, *_of_batch(filters, table), *batch_fits(filters, table, reading.now)]
        return _in_order(reading, table, _codes(reading, table, *conditions))
    fitting = _fitting(filters, table, reading.now)
    if not fitting:
        return _in_order(reading, table, _codes(reading, table, *such, *typed))
    hits = batches_with_codes(
        table,
        {"account_id": reading.account_id, "project_id": reading.project_id},
        such=such,
        looked_at=typed,
        fitting=fitting,
        after=reading.after,
        limit=reading.limit,
        oldest_first=reading.oldest_first,
    ).subquery(f"hits_{table.__tablename__}")
    inside = _in_order(reading, table, _codes(reading, table, *such, *typed, table.batch_id == hits.c.hit)).lateral()
    return _in_order(reading, inside.c, select(inside).select_from(hits.join(inside, true())))


def _fitting(filters: CodeFilters, table: Codes, now: datetime) -> list[Condition]:
    """What a batch must be for the walk to stop at it; nothing if any will do."""
    fitting = batch_fits(filters, Batch, now)
    if table is AccessCode:
        # Of what has expired, a batch that was swept has tombstones only.
        return [*fitting, Batch.swept_at.is_(None)] if filters.status is CodeStatus.EXPIRED else fitting
    # All tombstones are of expired batches, and all of those may have some: that alone narrows nothing.
    asked = batch_fits(replace(filters, status=None), Batch, now)
    return [*asked, Batch.expires_at <= now] if asked else []


def _of_batch(filters: CodeFilters, table: Codes) -> list[Condition]:
    return [table.batch_id == filters.batch_id] if filters.batch_id is not None else []


def _codes(reading: Reading, table: Codes, *where: Condition) -> _Page:
    """What the list shows of a code. A tombstone was neither redeemed nor revoked."""
    names = ("redeemed_at", "redeemed_by", "membership_id", "revoked_at")
    ends: list[Any] = [getattr(AccessCode, name) for name in names]
    if table is ExpiredCode:
        ends = [literal(None, column.type).label(name) for name, column in zip(names, ends, strict=True)]
    return select(table.batch_id, table.position, table.code, table.plan_id, table.expires_at, *ends).where(
        *reading.of_project(table), *where
    )


def _in_order(reading: Reading, columns: Any, page: _Page) -> _Page:
    """The next page of these rows, which have the two columns of a place."""
    place = behind(columns, reading.after, oldest_first=reading.oldest_first)
    return page.where(*place).order_by(*in_order(columns, oldest_first=reading.oldest_first)).limit(reading.limit)
