"""What the end of a membership means for its member's place in the project's chats (`rules.md` T5)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from shared.contracts.chats import Departure, EndingMembership
from shared.errors import NotFoundError
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.chats.invites import chats_with_invites
from codes_api.chats.models import ChatInvite
from codes_api.chats.running import may_be_in
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.memberships.summary import runs

NOBODY = 0
"""Stands where the Telegram id of an erased member stood."""


async def departure(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    membership_id: UUID,
    now: datetime,
    keeps_in: Callable[[UUID, UUID, int, datetime], ColumnElement[bool]] = may_be_in,
) -> Departure:
    """Whether the member of this ended membership has to leave, and which chats, with the links to be revoked.

    The answer is of this moment: a member who redeems while they are being removed is found by asking again (`departed`).

    Args:
        keeps_in: tests pass one that keeps nobody, and must see the race.

    Raises:
        NotFoundError: there is no such membership.
    """
    membership, plan_name = await _membership(session, account_id, project_id, membership_id)
    member = membership.telegram_id
    stays = (await session.execute(select(keeps_in(account_id, project_id, member, now)))).scalar_one()
    gone = not stays and not runs(membership, now) and member != NOBODY
    chats = await chats_with_invites(session, account_id=account_id, project_id=project_id, telegram_id=member)
    return Departure(telegram_id=member, plan_name=plan_name, gone=gone, chats=list(chats))


async def departed(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, membership_id: UUID, links: Sequence[str], now: datetime
) -> Departure:
    """The member was removed, and these links revoked: they are forgotten, so that a way back begins with new ones.

    Returns:
        How it stands now: `gone` no more if they redeemed meanwhile.

    Raises:
        NotFoundError: there is no such membership.
    """
    membership, _ = await _membership(session, account_id, project_id, membership_id)
    await session.execute(
        delete(ChatInvite).where(
            ChatInvite.account_id == account_id,
            ChatInvite.project_id == project_id,
            ChatInvite.telegram_id == membership.telegram_id,
            ChatInvite.link.in_(links),
        )
    )
    return await departure(session, account_id=account_id, project_id=project_id, membership_id=membership_id, now=now)


async def ending_membership(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, membership_id: UUID, now: datetime
) -> EndingMembership:
    """A membership and its present end, for the reminder.

    Raises:
        NotFoundError: there is no such membership.
    """
    membership, plan_name = await _membership(session, account_id, project_id, membership_id)
    running = runs(membership, now) and membership.telegram_id != NOBODY
    return EndingMembership(telegram_id=membership.telegram_id, plan_name=plan_name, ends_at=membership.ends_at, running=running)


async def _membership(session: AsyncSession, account_id: UUID, project_id: UUID, membership_id: UUID) -> tuple[Membership, str]:
    same_plan = and_(
        MembershipPlan.account_id == Membership.account_id,
        MembershipPlan.project_id == Membership.project_id,
        MembershipPlan.id == Membership.plan_id,
    )
    query = (
        select(Membership, MembershipPlan.name)
        .join(MembershipPlan, same_plan)
        .where(Membership.account_id == account_id, Membership.project_id == project_id, Membership.id == membership_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such membership in this project.")
    membership, plan_name = row
    return membership, plan_name
