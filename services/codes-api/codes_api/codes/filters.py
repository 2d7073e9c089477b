"""What the filters of the list mean in SQL: over codes, over batches, and over a typed piece of a code.

Every code of a batch has the batch's plan and expiry, so that these can be asked of either.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, null, or_

from codes_api.codes.alphabet import GROUP, canonical, fragment
from codes_api.codes.models import OPEN, AccessCode, Batch
from codes_api.codes.spelling import LONGEST, safe, spellings, upper
from codes_api.codes.status import CodeStatus

Condition = ColumnElement[bool]

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

    @property
    def typed(self) -> str | None:
        """`q`, if it says anything."""
        return self.q if self.q is not None and self.q.strip() else None


def has_status(status: CodeStatus | None) -> list[Condition]:
    """Over codes: what an index holds for each status. Says in SQL what `code_status` says, up to the moment, which is the
    batch's matter (`batch_fits`)."""
    match status:
        case None:
            return []
        case CodeStatus.REDEEMED:
            return [AccessCode.redeemed_at.is_not(None)]
        case CodeStatus.REVOKED:
            return [AccessCode.revoked_at.is_not(None)]
        case CodeStatus.EXPIRED | CodeStatus.UNREDEEMED:
            return [*OPEN]


def batch_fits(filters: CodeFilters, of: type[Batch | AccessCode], now: datetime) -> list[Condition]:
    """Over batches, or over the copies that their codes have: the plan, the window, and that a status wants the expiry to
    have passed, or not."""
    where: list[Condition] = []
    if filters.plan_id is not None:
        where.append(of.plan_id == filters.plan_id)
    if filters.expires_after is not None:
        where.append(of.expires_at >= filters.expires_after)
    if filters.expires_before is not None:
        where.append(of.expires_at < filters.expires_before)
    if filters.status is CodeStatus.UNREDEEMED:
        where.append(or_(of.expires_at.is_(None), of.expires_at > now))
    if filters.status is CodeStatus.EXPIRED:
        where.append(of.expires_at <= now)
    return where


def looks_like(q: str) -> Condition:
    """That a code is, begins or ends as it was typed."""
    if is_whole(q):
        return AccessCode.code.in_(spellings(q))
    looks = [_begins(piece) for piece in pieces(q)]
    looks += [func.right(AccessCode.code, GROUP) == piece for piece in pieces(q) if len(piece) == GROUP]
    return or_(null().is_not(None), *looks)


def is_whole(q: str) -> bool:
    """Whether the text has the form of a whole code."""
    return canonical(q) is not None


def pieces(q: str) -> list[str]:
    """What the text can be a piece of: of a generated code, and of an imported one, whose dashes count."""
    found = dict.fromkeys((fragment(q), upper(q.strip())))
    return [piece for piece in found if piece and len(piece) <= LONGEST and safe(piece)]


def _begins(piece: str) -> Condition:
    # A range, not LIKE: it uses the unique index whatever the plan, because codes are sorted by byte.
    return and_(AccessCode.code >= piece, AccessCode.code < piece + _AFTER_ALL_SYMBOLS)
