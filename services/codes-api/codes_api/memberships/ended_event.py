"""Says that memberships are over: the one event for the sweep, a redemption that finds a lapsed one, and a cancellation."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.contracts.events import EventType
from shared.outbox import stage_all
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox


async def stage_ended(session: AsyncSession, ended: Sequence[tuple[UUID, UUID, UUID]], *, now: datetime) -> None:
    """Stage `membership.ended` for each, in the transaction that ends them.

    Args:
        ended: account, project and membership of each.
        now: domain time at which it was noticed; the row's `closed_at` says when it was over.
    """
    if ended:
        events = [
            (account_id, {"project_id": str(project_id), "membership_id": str(membership_id)})
            for account_id, project_id, membership_id in ended
        ]
        await stage_all(session, outbox, EventType.MEMBERSHIP_ENDED, events, now=now)
