"""What happened to a code, so that a creator can answer "why doesn't my code work" (`rules.md` C4, C5, C8)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.find import find_code
from codes_api.codes.models import Delivery, RefusedAttempt
from codes_api.codes.search import CodeFilters, FoundCode, codes_after
from codes_api.codes.status import CodeStatus

REFUSALS_SHOWN: Final = 100
"""The newest ones; somebody may have tried a used code a thousand times."""


class Happening(StrEnum):
    """In the order in which they are told should they have happened at the same moment."""

    CREATED = "created"
    DELIVERED = "delivered"
    REFUSED = "refused"
    REDEEMED = "redeemed"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True)
class TimelineEntry:
    """`telegram_id`: the member who redeemed or was refused. `reason`: the code of the refusal."""

    at: datetime
    event: Happening
    telegram_id: int | None = None
    reason: str | None = None


async def code_with_timeline(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, typed: str, now: datetime
) -> tuple[FoundCode, list[TimelineEntry]]:
    """A code, swept or not, and its history, oldest first.

    Args:
        typed: in any form that a member could type (C1).

    Raises:
        NotFoundError: there is none in this project of this account.
    """
    code = await find_code(session, account_id=account_id, project_id=project_id, typed=typed)
    seen = await codes_after(
        session,
        account_id=account_id,
        project_id=project_id,
        filters=CodeFilters(batch_id=code.batch_id, q=code.code),
        limit=1,
        after=None,
        now=now,
    )
    if not seen:
        raise NotFoundError("There is no such code in this project.")  # its tombstone was forgotten this very moment
    found = seen[0]
    told = [*_of_its_row(found, now)]
    delivered_at = await _delivered_at(session, account_id, project_id, found)
    if delivered_at is not None:
        told.append(TimelineEntry(delivered_at, Happening.DELIVERED))
    told += await _refusals(session, account_id, project_id, found.code)
    order = list(Happening)
    return found, sorted(told, key=lambda entry: (entry.at, order.index(entry.event)))


def _of_its_row(code: FoundCode, now: datetime) -> list[TimelineEntry]:
    told = [TimelineEntry(code.created_at, Happening.CREATED)]
    if code.redeemed_at is not None:
        told.append(TimelineEntry(code.redeemed_at, Happening.REDEEMED, telegram_id=code.redeemed_by))
    if code.revoked_at is not None:
        told.append(TimelineEntry(code.revoked_at, Happening.REVOKED))
    if code.expires_at is not None and code.status_at(now) is CodeStatus.EXPIRED:
        told.append(TimelineEntry(code.expires_at, Happening.EXPIRED))
    return told


async def _delivered_at(session: AsyncSession, account_id: UUID, project_id: UUID, code: FoundCode) -> datetime | None:
    query = select(func.min(Delivery.delivered_at)).where(
        Delivery.account_id == account_id,
        Delivery.project_id == project_id,
        Delivery.batch_id == code.batch_id,
        Delivery.first <= code.position,
        Delivery.last >= code.position,
    )
    return (await session.execute(query)).scalar_one()


async def _refusals(session: AsyncSession, account_id: UUID, project_id: UUID, code: str) -> list[TimelineEntry]:
    query = (
        select(RefusedAttempt.attempted_at, RefusedAttempt.telegram_id, RefusedAttempt.reason)
        .where(RefusedAttempt.account_id == account_id, RefusedAttempt.project_id == project_id, RefusedAttempt.code == code)
        .order_by(RefusedAttempt.id.desc())
        .limit(REFUSALS_SHOWN)
    )
    return [
        TimelineEntry(at, Happening.REFUSED, telegram_id=telegram_id, reason=reason)
        for at, telegram_id, reason in await session.execute(query)
    ]
