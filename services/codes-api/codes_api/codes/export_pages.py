"""Reads and writes the pages of an export: of each code no more than differs from the others of its batch.

PostgreSQL gives a page as one row a batch, with the codes in an array. What all lines of a batch share is put in form once,
so that a line costs a microsecond and no object of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Boolean, DateTime, String, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes import csv_format
from codes_api.codes.alphabet import grouped, is_plain, new_code, shown
from codes_api.codes.csv_format import CsvLine, LineShape
from codes_api.codes.join_link import join_link
from codes_api.codes.models import Batch
from codes_api.codes.pages import Reading, page_of_places
from codes_api.codes.walk import Place
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.memberships.periods import period_end

_SOME_CODE: Final = new_code()
"""Stands for each in the shape of a line. Drawn anew by each process, so that it stands in no plan's name."""


@dataclass(frozen=True, slots=True)
class BatchRows:
    """The codes of one batch on a page, in the page's order.

    Args:
        last: the place of the last of them.
        members, ends: for each code whether it gave a membership, and that one's end (None: never).
    """

    last: Place
    codes: Sequence[str]
    members: Sequence[bool]
    ends: Sequence[datetime | None]
    generated_at: datetime
    expires_at: datetime | None
    imported: bool
    plan_name: str
    price_amount: int
    price_currency: str
    interval_unit: str
    interval_count: int


async def read_rows(session: AsyncSession, reading: Reading) -> list[BatchRows]:
    """The next page, batch by batch."""
    page = (await page_of_places(session, reading)).cte("page")
    of_project = reading.of_project
    position = page.c.position if reading.oldest_first else page.c.position.desc()
    last = func.max(page.c.position) if reading.oldest_first else func.min(page.c.position)

    def in_order(value: Any, type_: Any) -> Any:
        return func.array_agg(aggregate_order_by(value, position), type_=ARRAY(type_))

    by_batch = (
        select(
            page.c.batch_id,
            last.label("last"),
            in_order(page.c.code, String).label("codes"),
            in_order(page.c.membership_id.is_not(None), Boolean).label("members"),
            in_order(Membership.ends_at, DateTime(timezone=True)).label("ends"),
        )
        .outerjoin(Membership, and_(*of_project(Membership), Membership.id == page.c.membership_id))
        .group_by(page.c.batch_id)
        .subquery("by_batch")
    )
    query = (
        select(
            *by_batch.c,
            Batch.generated_at,
            Batch.expires_at,
            Batch.imported,
            MembershipPlan.name,
            MembershipPlan.price_amount,
            MembershipPlan.price_currency,
            MembershipPlan.interval_unit,
            MembershipPlan.interval_count,
        )
        .join(Batch, and_(*of_project(Batch), Batch.id == by_batch.c.batch_id))
        .join(MembershipPlan, and_(*of_project(MembershipPlan), MembershipPlan.id == Batch.plan_id))
        .order_by(by_batch.c.batch_id if reading.oldest_first else by_batch.c.batch_id.desc())
    )
    rows: Sequence[Sequence[Any]] = (await session.execute(query)).all()
    return [BatchRows((batch_id, position), *more) for batch_id, position, *more in rows]


def written(rows: BatchRows, bot: str | None, template: str) -> str:
    """The lines of a batch's codes."""
    return "".join(_lines(rows, bot, template))


def _lines(rows: BatchRows, bot: str | None, template: str) -> Iterator[str]:
    end = period_end(rows.generated_at, rows.interval_unit, rows.interval_count)
    shape = LineShape(_line(rows, _SOME_CODE, bot, template, end))
    for code, member, ends_on in zip(rows.codes, rows.members, rows.ends, strict=True):
        if rows.imported and not is_plain(code):
            yield csv_format.lines([_line(rows, code, bot, template, ends_on if member else end)])
        elif member and ends_on != end:
            yield shape.line_ending(grouped(code), ends_on)
        else:
            yield shape.line(grouped(code))


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
