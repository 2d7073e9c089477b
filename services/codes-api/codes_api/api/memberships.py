"""/v1/projects/{p}/memberships: who is in, since when, until when."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from shared.contracts.base import TelegramId, UtcDatetime, WireModel
from shared.contracts.pages import InvalidCursorError, Page
from shared.errors import NotFoundError

from codes_api.api.deps import CreatorDep, NowDep, SessionDep
from codes_api.api.docs import read_problems, write_problems
from codes_api.api.fields import DEFAULT_LIMIT, Cursor, Id, Limit, MembershipId, ProjectId
from codes_api.codes.alphabet import shown
from codes_api.memberships.cancel import cancel_membership
from codes_api.memberships.errors import MembershipEndedError
from codes_api.memberships.list import list_memberships
from codes_api.memberships.models import Membership, MembershipStatus
from codes_api.memberships.summary import status_at

router = APIRouter(prefix="/v1/projects/{project_id}/memberships", tags=["Memberships"])


class MembershipOut(WireModel):
    """A member's time in a plan."""

    id: Id
    telegram_id: int = Field(description="The member.", examples=[700100200])
    plan_id: Id
    code: str = Field(description="The one that gave it, or that extended it last.", examples=["7KQ2-M9XD-40TR-BW6N"])
    status: MembershipStatus = Field(description="`ended` from the instant of `ends_at` on.")
    starts_at: UtcDatetime
    ends_at: UtcDatetime | None = Field(description="null: lifetime.")
    periods: int = Field(description="How many plan periods it lasts: one a redeemed code.", examples=[1])
    cancelled_at: UtcDatetime | None


def membership_out(membership: Membership, now: datetime) -> MembershipOut:
    """A membership on the wire."""
    status = status_at(membership, now)
    return MembershipOut(
        id=membership.id,
        telegram_id=membership.telegram_id,
        plan_id=membership.plan_id,
        code=shown(membership.code),
        status=status,
        starts_at=membership.starts_at,
        ends_at=membership.ends_at,
        periods=membership.periods,
        cancelled_at=membership.closed_at if status is MembershipStatus.CANCELLED else None,
    )


@router.get("", summary="List memberships", responses=read_problems(NotFoundError, InvalidCursorError))
async def list_(
    *,
    project_id: ProjectId,
    asker: CreatorDep,
    session: SessionDep,
    now: NowDep,
    status: Annotated[MembershipStatus | None, Query(description="What it is at the moment.")] = None,
    plan_id: Annotated[UUID | None, Query(description="Of this plan.")] = None,
    telegram_id: Annotated[TelegramId | None, Query(description="Of this member.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[MembershipOut]:
    """Who is in, since when, until when; newest first."""
    found, next_cursor = await list_memberships(
        session,
        account_id=asker.account_id,
        project_id=project_id,
        status=status,
        plan_id=plan_id,
        telegram_id=telegram_id,
        limit=limit,
        cursor=cursor,
        now=now,
    )
    return Page[MembershipOut](data=[membership_out(one, now) for one in found], next_cursor=next_cursor)


@router.delete("/{membership_id}", summary="Cancel a membership", responses=write_problems(MembershipEndedError))
async def cancel(
    project_id: ProjectId, membership_id: MembershipId, asker: CreatorDep, session: SessionDep, now: NowDep
) -> MembershipOut:
    """Ends at once; its code stays redeemed. Twice changes nothing more."""
    membership = await cancel_membership(
        session, account_id=asker.account_id, project_id=project_id, membership_id=membership_id, now=now
    )
    return membership_out(membership, now)
