"""Reads and writes the pages of an export: of each code no more than differs from the others of its batch.

PostgreSQL gives a page as one row a batch, with the codes as one text. What all lines of a batch share is put in form once,
and copied for all codes at a time, so that no line costs an object of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, and_, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes import csv_format
from codes_api.codes.alphabet import LENGTH, is_plain, new_code, shown
from codes_api.codes.csv_format import CsvLine, LineShape
from codes_api.codes.join_link import join_link
from codes_api.codes.models import Batch
from codes_api.codes.pages import Reading, page_of_places
from codes_api.codes.walk import Place
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.memberships.periods import period_end

_SOME_CODE: Final = new_code()
"""Stands for each in the shape of a line. Drawn anew by each process, so that it stands in no plan's name."""
_BETWEEN: Final = "\n"
"""Between two codes; stands in none, also not in an imported one."""


@dataclass(frozen=True, slots=True)
class BatchRows:
    """The codes of one batch on a page, in the page's order.

    Args:
        last: the place of the last of them.
        codes: one a line.
        members, ends: those of them that gave a membership, and the end of each of these (None: never).
    """

    last: Place
    codes: str
    members: Sequence[str]
    ends: Sequence[datetime | None]
    generated_at: datetime
    expires_at: datetime | None
    imported: bool
    plan_name: str
    price_amount: int
    price_currency: str
    interval_unit: str
    interval_count: int

    @property
    def quantity(self) -> int:
        """How many they are."""
        return self.codes.count(_BETWEEN) + 1


async def read_rows(session: AsyncSession, reading: Reading) -> list[BatchRows]:
    """The next page, batch by batch."""
    page = (await page_of_places(session, reading)).cte("page")
    of_project = reading.of_project
    position = page.c.position if reading.oldest_first else page.c.position.desc()
    last = func.max(page.c.position) if reading.oldest_first else func.min(page.c.position)
    gave_one = page.c.membership_id.is_not(None)

    def of_members(value: Any, type_: Any) -> Any:
        in_order = func.array_agg(aggregate_order_by(value, position), type_=ARRAY(type_)).filter(gave_one)
        return func.coalesce(in_order, literal([], ARRAY(type_)))

    by_batch = (
        select(
            page.c.batch_id,
            last.label("last"),
            func.string_agg(page.c.code, aggregate_order_by(literal(_BETWEEN), position)).label("codes"),
            of_members(page.c.code, String).label("members"),
            of_members(page.c.membership_id, Uuid).label("memberships"),
        )
        .group_by(page.c.batch_id)
        # The page comes in this order: said here, neither the groups nor what is in them is sorted once more.
        .order_by(page.c.batch_id if reading.oldest_first else page.c.batch_id.desc())
        .subquery("by_batch")
    )
    # Batches are looked up by key, one by one. Left to choose, the planner joins each page with all that the project has.
    batch = (
        select(
            Batch.generated_at,
            Batch.expires_at,
            Batch.imported,
            MembershipPlan.name,
            MembershipPlan.price_amount,
            MembershipPlan.price_currency,
            MembershipPlan.interval_unit,
            MembershipPlan.interval_count,
        )
        .join(MembershipPlan, and_(*of_project(MembershipPlan), MembershipPlan.id == Batch.plan_id))
        .where(*of_project(Batch), Batch.id == by_batch.c.batch_id)
        .limit(1)
        .lateral("batch")
    )
    query = (
        select(
            by_batch.c.batch_id,
            by_batch.c.last,
            by_batch.c.codes,
            by_batch.c.members,
            by_batch.c.memberships,
            *batch.c,
        )
        .join(batch, true())
        .order_by(by_batch.c.batch_id if reading.oldest_first else by_batch.c.batch_id.desc())
    )
    rows: Sequence[Sequence[Any]] = (await session.execute(query)).all()
    ends = await _ends(session, reading, [membership for row in rows for membership in row[4]])
    return [
        BatchRows((batch_id, position), codes, members, [ends.get(one) for one in memberships], *more)
        for batch_id, position, codes, members, memberships, *more in rows
    ]


async def _ends(session: AsyncSession, reading: Reading, memberships: Sequence[UUID]) -> dict[UUID, datetime | None]:
    """When they end. All of a page at once: one by one, each would read all that the project has where PostgreSQL has not yet
    looked at how many they are."""
    if not memberships:
        return {}
    asked = Membership.id == func.any(literal(memberships, ARRAY(Uuid)))
    query = select(Membership.id, Membership.ends_at).where(*reading.of_project(Membership), asked)
    return {row.id: row.ends_at for row in await session.execute(query)}


def written(rows: BatchRows, bot: str | None, template: str) -> bytes:
    """The lines of a batch's codes."""
    end = period_end(rows.generated_at, rows.interval_unit, rows.interval_count)
    if rows.imported:
        codes = rows.codes.split(_BETWEEN)
        if not all(map(is_plain, codes)):
            ends = dict(zip(rows.members, rows.ends, strict=True))
            return csv_format.lines(_line(rows, code, bot, template, ends.get(code, end)) for code in codes).encode()
    shape = LineShape(_line(rows, _SOME_CODE, bot, template, end))
    return shape.lines(rows.codes, _own_ends(rows))


def _own_ends(rows: BatchRows) -> Iterator[tuple[int, datetime | None]]:
    """Which of the codes have which end of their own. All have the same length, so that its place tells a code's number."""
    found = 0
    for code, end in zip(rows.members, rows.ends, strict=True):
        found = rows.codes.index(code, found)
        yield found // (LENGTH + len(_BETWEEN)), end


def _line(rows: BatchRows, code: str, bot: str | None, template: str, ends_on: datetime | None) -> CsvLine:
    return CsvLine(
        code=shown(code),
        plan_name=rows.plan_name,
        join_link=join_link(template, bot, code),
        expires_at=rows.expires_at,
        price=rows.price_amount,
        currency=rows.price_currency,
        started_on=rows.generated_at,
        ends_on=ends_on,
    )
