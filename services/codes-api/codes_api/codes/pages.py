"""Reads one page of codes in a way that costs as much among ten million as among ten thousand (docs/adr/0007).

Which way a page is read depends on the filters, never on the planner's guess at how many rows they leave:

- a batch: its own codes, a thousand at most;
- a typed piece: all codes that look like it, by the index over codes, then sorted; unless there are too many of them,
  because the piece is one symbol, or the common beginning of imported codes;
- a plan, a window, or a status that is a matter of time: the walk from batch to batch;
- else: straight down the index of the status.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, case, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.filters import CodeFilters, Condition, batch_fits, has_status, is_whole, looks_like, pieces
from codes_api.codes.models import AccessCode, Batch
from codes_api.codes.walk import Place, batches_with_codes, behind, in_order
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.projects.models import Project

_Page = Select[*tuple[Any, ...]]

MANY: Final = 20_000
"""So many codes are sorted in some 20 ms. A piece that more codes begin with is common enough to be met on the way."""
_SHOWN: Final = (
    AccessCode.batch_id,
    AccessCode.position,
    AccessCode.code,
    AccessCode.plan_id,
    AccessCode.expires_at,
    AccessCode.redeemed_at,
    AccessCode.redeemed_by,
    AccessCode.membership_id,
    AccessCode.revoked_at,
)


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

    def of_project(self, table: type[AccessCode | Batch | MembershipPlan | Membership]) -> list[Condition]:
        """That a row is of this account and project."""
        return [table.account_id == self.account_id, table.project_id == self.project_id]


async def page_of_places(session: AsyncSession, reading: Reading) -> _Page:
    """The query of the page: places, codes, and what the list shows of each."""
    filters = reading.filters
    such = has_status(filters.status)
    typed = [looks_like(filters.typed)] if filters.typed is not None else []
    of_batch = [AccessCode.batch_id == filters.batch_id] if filters.batch_id is not None else []
    asked_of_each = [*such, *typed, *of_batch, *batch_fits(filters, AccessCode, reading.now)]
    if filters.typed is not None and (is_whole(filters.typed) or not await _is_common(session, reading, filters.typed)):
        return _few_in_order(reading, asked_of_each)
    if of_batch:
        return _in_order(reading, AccessCode, _codes(reading, *asked_of_each))
    fitting = batch_fits(filters, Batch, reading.now)
    if not fitting:
        return _in_order(reading, AccessCode, _codes(reading, *such, *typed))
    hits = batches_with_codes(
        {"account_id": reading.account_id, "project_id": reading.project_id},
        such=such,
        looked_at=typed,
        fitting=fitting,
        after=reading.after,
        limit=reading.limit,
        oldest_first=reading.oldest_first,
    ).subquery("hits")
    inside = _in_order(reading, AccessCode, _codes(reading, *such, *typed, AccessCode.batch_id == hits.c.hit)).lateral()
    return _in_order(reading, inside.c, select(inside).select_from(hits.join(inside, true())))


async def _is_common(session: AsyncSession, reading: Reading, typed: str) -> bool:
    """Whether too many codes begin like that to be sorted. Generated codes are random: of ten million, 300,000 share their
    first symbol and 10,000 their first two. Imported ones can all begin alike, or none as it was typed: they are counted."""
    likely = select(literal(1)).where(*reading.of_project(AccessCode), looks_like(typed)).limit(MANY + 1)
    count = select(func.count()).select_from(likely.subquery()).scalar_subquery()
    one_symbol = any(len(piece) == 1 for piece in pieces(typed))
    query = select(case((Project.has_imports, count > MANY), else_=one_symbol)).where(
        Project.account_id == reading.account_id, Project.id == reading.project_id
    )
    return bool((await session.execute(query)).scalar_one_or_none())


def _few_in_order(reading: Reading, such: list[Condition]) -> _Page:
    """Found first and then put in order: with the two in one, the planner may prefer to walk all codes in their order. Of the
    thousands that may be found only the places are kept, and the codes of the page looked up again."""
    place = (AccessCode.batch_id, AccessCode.position)
    few = select(*place).where(*reading.of_project(AccessCode), *such).cte("few").prefix_with("MATERIALIZED")
    page = _in_order(reading, few.c, select(few)).subquery("places")
    same = and_(*(key == page.c[key.name] for key in place))
    return _codes(reading).join(page, same).order_by(*in_order(AccessCode, oldest_first=reading.oldest_first))


def _codes(reading: Reading, *where: Condition) -> _Page:
    """What the list shows of a code."""
    return select(*_SHOWN).where(*reading.of_project(AccessCode), *where)


def _in_order(reading: Reading, columns: Any, page: _Page) -> _Page:
    """The next page of these rows, which have the two columns of a place."""
    place = behind(columns, reading.after, oldest_first=reading.oldest_first)
    return page.where(*place).order_by(*in_order(columns, oldest_first=reading.oldest_first)).limit(reading.limit)
