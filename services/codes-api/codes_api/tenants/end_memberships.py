"""A suspended account's running memberships are over for good (`rules.md` D3)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Piece
from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.memberships.ended_event import stage_ended
from codes_api.memberships.models import Membership, MembershipStatus

PIECE: Final = 1_000
"""Rows of one transaction: well under a second."""


async def end_account_memberships(
    session: AsyncSession, *, account_id: UUID, before: datetime, now: datetime, limit: int = PIECE
) -> Piece:
    """Cancel running memberships that began before the suspension, a bounded piece, and say so for each. Doing it again goes on
    where the last piece stopped. They are locked in the order in which redemptions lock them (`codes/redeem_statement.py`).

    What began later belongs to an account that has recovered since: there are no redemptions while it is locked.
    """
    key = tuple_(Membership.account_id, Membership.project_id, Membership.id)
    running = (
        select(Membership.account_id, Membership.project_id, Membership.id)
        .where(
            Membership.account_id == account_id,
            Membership.status == MembershipStatus.ACTIVE,
            Membership.starts_at < before,
        )
        .order_by(Membership.project_id, Membership.plan_id, Membership.telegram_id)
        .limit(limit)
        .with_for_update()
        .cte("running")
    )
    ended = await session.execute(
        update(Membership)
        .where(key.in_(select(running)))
        .values(status=MembershipStatus.CANCELLED.value, closed_at=now)
        .returning(Membership.account_id, Membership.project_id, Membership.id)
        .execution_options(synchronize_session=False)
    )
    rows = [(account, project, membership) for account, project, membership in ended]
    await stage_ended(session, rows, now=now)
    return Piece(done=len(rows), more=len(rows) == limit)
