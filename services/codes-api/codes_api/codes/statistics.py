"""What became of a project's codes, or of one batch's (issue of the complete access codes, "Batch statistics").

One statement, so that all figures are of one moment. It reads the batches and, off their partial indexes, the redeemed
and the revoked codes; codes that nothing happened to are never looked at, however many there are: a batch's codes all
expire with it (`models.Batch`), so that what was neither redeemed nor revoked is expired or not by its batch.
"""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from shared.contracts.batches import BatchStatus
from shared.contracts.statistics import CodeStatistics, DayCount
from shared.errors import NotFoundError
from sqlalchemy import Date, Select, and_, cast, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import AccessCode, Batch
from codes_api.codes.statistics_window import days_between
from codes_api.memberships.models import MembershipPlan
from codes_api.projects.find import get_project

_UTC: Final = literal("UTC")


async def code_statistics(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID | None, first: date, last: date, now: datetime
) -> CodeStatistics:
    """The figures of a batch or, without `batch_id`, of the whole project, archived or not.

    Args:
        first, last: the days (UTC) whose redemptions are listed, both within.

    Raises:
        NotFoundError: the account has no such project, or the project no such batch.
    """
    project = await get_project(session, account_id=account_id, project_id=project_id)
    batch_name = None if batch_id is None else await _batch_name(session, account_id, project_id, batch_id)
    rows = (await session.execute(_figures(account_id, project_id, batch_id, now))).all()
    totals, days = rows[0], [row for row in rows if row.day is not None]
    redeemed, redeemed_of_ended = sum(row.redeemed for row in days), sum(row.of_ended for row in days)
    expired = totals.ended - redeemed_of_ended - totals.revoked_of_ended
    by_day = {row.day: row.redeemed for row in days}
    return CodeStatistics(
        project_id=project_id,
        project_name=project.name,
        batch_id=batch_id,
        batch_name=batch_name,
        generated=totals.generated,
        delivered=totals.delivered,
        unredeemed=totals.generated - redeemed - totals.revoked - expired,
        redeemed=redeemed,
        expired=expired,
        revoked=totals.revoked,
        first_redeemed_at=min((row.first for row in days), default=None),
        last_redeemed_at=max((row.last for row in days), default=None),
        first_day=first,
        last_day=last,
        redemptions_per_day=[DayCount(date=day, redeemed=by_day.get(day, 0)) for day in days_between(first, last)],
    )


async def _batch_name(session: AsyncSession, account_id: UUID, project_id: UUID, batch_id: UUID) -> str:
    """What its creator calls it."""
    query = (
        select(Batch.label, Batch.quantity, MembershipPlan.name)
        .join(
            MembershipPlan,
            and_(
                MembershipPlan.account_id == Batch.account_id,
                MembershipPlan.project_id == Batch.project_id,
                MembershipPlan.id == Batch.plan_id,
            ),
        )
        .where(Batch.account_id == account_id, Batch.project_id == project_id, Batch.id == batch_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such batch in this project.")
    label, quantity, plan = row
    return str(label) if label is not None else f"{quantity} {'code' if quantity == 1 else 'codes'} of {plan}"


def _figures(account_id: UUID, project_id: UUID, batch_id: UUID | None, now: datetime) -> Select[*tuple[Any, ...]]:
    """A row a day with redemptions, each with the totals beside it; one row without a day if there are none."""
    of_batches = [Batch.account_id == account_id, Batch.project_id == project_id]
    of_codes = [AccessCode.account_id == account_id, AccessCode.project_id == project_id]
    if batch_id is not None:
        of_batches.append(Batch.id == batch_id)
        of_codes.append(AccessCode.batch_id == batch_id)
    batches = (
        select(
            func.coalesce(func.sum(Batch.quantity), 0).label("generated"),
            func.coalesce(func.sum(Batch.delivered), 0).label("delivered"),
            func.coalesce(func.sum(Batch.quantity).filter(Batch.expires_at <= now), 0).label("ended"),
        )
        .where(*of_batches, Batch.status == BatchStatus.READY)
        .cte("batches_")
    )
    revoked = (
        select(
            func.count().label("revoked"),
            func.count().filter(AccessCode.expires_at <= now).label("revoked_of_ended"),
        )
        .where(*of_codes, AccessCode.revoked_at.is_not(None))
        .cte("revoked_")
    )
    # Of the UTC day, whatever the connection's time zone is.
    day = cast(func.timezone(_UTC, AccessCode.redeemed_at), Date).label("day")
    days = (
        select(
            day,
            func.count().label("redeemed"),
            func.count().filter(AccessCode.expires_at <= now).label("of_ended"),
            func.min(AccessCode.redeemed_at).label("first"),
            func.max(AccessCode.redeemed_at).label("last"),
        )
        .where(*of_codes, AccessCode.redeemed_at.is_not(None))
        .group_by(day)
        .cte("days_")
    )
    return select(batches, revoked, days).select_from(batches.join(revoked, true()).outerjoin(days, true()))
