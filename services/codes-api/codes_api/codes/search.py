"""A creator finds codes (`spec/access-codes.txt`, View, filter, and audit codes): by any filters, newest first.

A list is the codes and the tombstones together (`rules.md` C4): the sweep leaves each where it was, so that one which it
takes between two pages shows up once.

How a page is found so that it costs the same among millions: `pages.py`, and docs/adr/0007.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.contracts.pages import InvalidCursorError, decode_cursor, encode_cursor
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.filters import CodeFilters
from codes_api.codes.models import Batch
from codes_api.codes.pages import Reading, page_of_places
from codes_api.codes.status import CodeStatus, code_status
from codes_api.codes.walk import Place
from codes_api.memberships.models import Membership, MembershipPlan

_MAX_POSITION: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code in a list, with what is shown of its plan, batch and membership. `created_at`: generated."""

    batch_id: UUID
    position: int
    code: str
    plan_id: UUID
    expires_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: int | None
    membership_id: UUID | None
    revoked_at: datetime | None
    label: str | None
    created_at: datetime
    plan_name: str
    price_amount: int
    price_currency: str
    interval_unit: str
    interval_count: int
    membership_ends_at: datetime | None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.batch_id, self.position

    def status_at(self, now: datetime) -> CodeStatus:
        """What it is seen as."""
        return code_status(redeemed_at=self.redeemed_at, revoked_at=self.revoked_at, expires_at=self.expires_at, now=now)


async def list_codes(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    filters: CodeFilters,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[Sequence[FoundCode], str | None]:
    """One page, newest first, and the cursor of the next.

    Raises:
        InvalidCursorError: the cursor is not of this list.
    """
    after = None if cursor is None else _place(cursor)
    found = await codes_after(
        session, account_id=account_id, project_id=project_id, filters=filters, limit=limit + 1, after=after, now=now
    )
    if len(found) <= limit:
        return found, None
    batch_id, position = found[limit - 1].place
    return found[:limit], encode_cursor(str(batch_id), position)


async def codes_after(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    filters: CodeFilters,
    limit: int,
    after: Place | None,
    now: datetime,
    oldest_first: bool = False,
) -> Sequence[FoundCode]:
    """The next `limit` codes behind a place, or from the beginning."""
    reading = Reading(account_id, project_id, filters, now, after=after, limit=limit, oldest_first=oldest_first)
    page = (await page_of_places(session, reading)).cte("page")
    of_project = reading.of_project
    order = (page.c.batch_id, page.c.position)
    query = (
        select(
            *page.c,
            Batch.label,
            Batch.generated_at,
            MembershipPlan.name,
            MembershipPlan.price_amount,
            MembershipPlan.price_currency,
            MembershipPlan.interval_unit,
            MembershipPlan.interval_count,
            Membership.ends_at,
        )
        .join(Batch, and_(*of_project(Batch), Batch.id == page.c.batch_id))
        .join(MembershipPlan, and_(*of_project(MembershipPlan), MembershipPlan.id == page.c.plan_id))
        .outerjoin(Membership, and_(*of_project(Membership), Membership.id == page.c.membership_id))
        .order_by(*(key if oldest_first else key.desc() for key in order))
    )
    rows: Sequence[Sequence[Any]] = (await session.execute(query)).all()
    return [FoundCode(*row) for row in rows]


def _place(cursor: str) -> Place:
    batch, position = decode_cursor(cursor, str, int)
    try:
        place = UUID(str(batch)), int(position)
    except ValueError as error:
        raise InvalidCursorError from error
    if not 0 <= place[1] <= _MAX_POSITION:
        raise InvalidCursorError
    return place


__all__ = ["CodeFilters", "FoundCode", "Place", "codes_after", "list_codes"]
