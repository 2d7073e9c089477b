"""A creator finds codes (`spec/access-codes.txt`, View, filter, and audit codes): by any filters, newest first.

A list is the codes and the tombstones together (`rules.md` C4). Both keep a code's place (batch, position) as their
primary key, so a code that the sweep takes between two pages shows up once, where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.contracts.pages import InvalidCursorError, decode_cursor, encode_cursor
from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.alphabet import GROUP, canonical, fragment
from codes_api.codes.models import AccessCode, Batch, ExpiredCode
from codes_api.codes.spelling import LONGEST, safe, spellings, upper
from codes_api.codes.status import CodeStatus, code_status
from codes_api.memberships.models import Membership, MembershipPlan

Place = tuple[UUID, int]
"""(batch, position): where a code stands in its project's list."""

_Codes = Select[*tuple[Any, ...]]

_MAX_POSITION: Final = 2**31 - 1
_AFTER_ALL_SYMBOLS: Final = "~"


@dataclass(frozen=True)
class CodeFilters:
    """Which codes; all that are given must hold.

    `expires_after` is the first moment of the window, `expires_before` the first behind it. `q` is a whole code in any
    form, how it begins, or its last group.
    """

    status: CodeStatus | None = None
    plan_id: UUID | None = None
    batch_id: UUID | None = None
    expires_after: datetime | None = None
    expires_before: datetime | None = None
    q: str | None = None


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
    branches = [
        _ordered(branch, after=after, oldest_first=oldest_first).limit(limit)
        for branch in _branches(account_id, project_id, filters, now)
    ]
    # Each branch reads no more than a page off its index; together they are at most two pages to be merged.
    both = union_all(*(select(branch.subquery()) for branch in branches)).subquery() if branches[1:] else branches[0].subquery()
    order = (both.c.batch_id, both.c.position)
    page = select(both).order_by(*(key if oldest_first else key.desc() for key in order)).limit(limit).cte("page")
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
        .join(Batch, and_(*_same_project(Batch, account_id, project_id), Batch.id == page.c.batch_id))
        .join(MembershipPlan, and_(*_same_project(MembershipPlan, account_id, project_id), MembershipPlan.id == page.c.plan_id))
        .outerjoin(Membership, and_(*_same_project(Membership, account_id, project_id), Membership.id == page.c.membership_id))
        .order_by(*(key if oldest_first else key.desc() for key in order))
    )
    rows: Sequence[Sequence[Any]] = (await session.execute(query)).all()
    return [FoundCode(*row) for row in rows]


def _branches(account_id: UUID, project_id: UUID, filters: CodeFilters, now: datetime) -> list[_Codes]:
    """The codes and the tombstones, as far as the filters can hold for them."""
    buried_too = filters.status in (None, CodeStatus.EXPIRED)
    live = select(
        AccessCode.batch_id,
        AccessCode.position,
        AccessCode.code,
        AccessCode.plan_id,
        AccessCode.expires_at,
        AccessCode.redeemed_at,
        AccessCode.redeemed_by,
        AccessCode.membership_id,
        AccessCode.revoked_at,
    ).where(*_same_project(AccessCode, account_id, project_id), *_common(AccessCode, filters), *_status(filters.status, now))
    if not buried_too:
        return [live]
    buried = select(
        ExpiredCode.batch_id,
        ExpiredCode.position,
        ExpiredCode.code,
        ExpiredCode.plan_id,
        ExpiredCode.expires_at,
        literal(None, AccessCode.redeemed_at.type).label("redeemed_at"),
        literal(None, AccessCode.redeemed_by.type).label("redeemed_by"),
        literal(None, AccessCode.membership_id.type).label("membership_id"),
        literal(None, AccessCode.revoked_at.type).label("revoked_at"),
    ).where(*_same_project(ExpiredCode, account_id, project_id), *_common(ExpiredCode, filters))
    return [live, buried]


def _same_project(
    table: type[AccessCode | ExpiredCode | Batch | MembershipPlan | Membership], account_id: UUID, project_id: UUID
) -> list[ColumnElement[bool]]:
    return [table.account_id == account_id, table.project_id == project_id]


def _status(status: CodeStatus | None, now: datetime) -> list[ColumnElement[bool]]:
    """Says in SQL what `code_status` says."""
    open_ = [AccessCode.redeemed_at.is_(None), AccessCode.revoked_at.is_(None)]
    match status:
        case None:
            return []
        case CodeStatus.REDEEMED:
            return [AccessCode.redeemed_at.is_not(None)]
        case CodeStatus.REVOKED:
            return [AccessCode.revoked_at.is_not(None)]
        case CodeStatus.EXPIRED:
            return [*open_, AccessCode.expires_at <= now]
        case CodeStatus.UNREDEEMED:
            return [*open_, or_(AccessCode.expires_at.is_(None), AccessCode.expires_at > now)]


def _common(table: type[AccessCode | ExpiredCode], filters: CodeFilters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if filters.plan_id is not None:
        where.append(table.plan_id == filters.plan_id)
    if filters.batch_id is not None:
        where.append(table.batch_id == filters.batch_id)
    if filters.expires_after is not None:
        where.append(table.expires_at >= filters.expires_after)
    if filters.expires_before is not None:
        where.append(table.expires_at < filters.expires_before)
    if filters.q is not None and filters.q.strip():
        where.append(_looks_like(table, filters.q))
    return where


def _looks_like(table: type[AccessCode | ExpiredCode], q: str) -> ColumnElement[bool]:
    whole = spellings(q)
    if canonical(q) is not None:
        return table.code.in_(whole)
    # A piece of a generated code, and of an imported one, whose dashes count.
    pieces = list(dict.fromkeys((fragment(q), upper(q.strip()))))
    looks = [_begins(table, piece) for piece in pieces if piece and len(piece) <= LONGEST and safe(piece)]
    looks += [func.right(table.code, GROUP) == piece for piece in pieces if piece and len(piece) == GROUP and safe(piece)]
    return or_(null().is_not(None), *looks)


def _begins(table: type[AccessCode | ExpiredCode], piece: str) -> ColumnElement[bool]:
    # A range, not LIKE: it uses the unique index whatever the plan, because codes are sorted by byte.
    return and_(table.code >= piece, table.code < piece + _AFTER_ALL_SYMBOLS)


def _ordered(branch: _Codes, *, after: Place | None, oldest_first: bool) -> _Codes:
    columns = branch.selected_columns
    key = tuple_(columns.batch_id, columns.position)
    if after is not None:
        # One row comparison, which PostgreSQL turns into a place in the index.
        last = tuple_(literal(after[0]), literal(after[1]))
        branch = branch.where(key > last if oldest_first else key < last)
    order = (columns.batch_id, columns.position)
    return branch.order_by(*(column if oldest_first else column.desc() for column in order))


def _place(cursor: str) -> Place:
    batch, position = decode_cursor(cursor, str, int)
    try:
        place = UUID(str(batch)), int(position)
    except ValueError as error:
        raise InvalidCursorError from error
    if not 0 <= place[1] <= _MAX_POSITION:
        raise InvalidCursorError
    return place
