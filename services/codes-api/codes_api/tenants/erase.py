"""A deleted account leaves no personal data here (`rules.md` D3): neither its creator's nor its members'."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.contracts.accounts import Piece
from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import idempotency_keys
from codes_api.chats.models import ProjectChat
from codes_api.codes.models import AccessCode, Batch, RefusedAttempt
from codes_api.memberships.models import Membership, MembershipPlan
from codes_api.projects.disconnect_bot import remove_bot
from codes_api.projects.models import Bot, Project
from codes_api.tenants.lock import lock_tenant
from codes_api.webhooks.models import WebhookEndpoint

PIECE: Final = 1_000
NOBODY: Final = 0
"""Stands where a member's Telegram id stood."""
ERASED: Final = "erased"


async def erase_tenant(session: AsyncSession, *, account_id: UUID, now: datetime, limit: int = PIECE) -> Piece:
    """Erase a bounded piece: bot tokens and chats, members' Telegram ids, what they typed, names and labels, webhooks with
    their messages, private chats with the links into them. What codes and memberships there were stays, as numbers. Doing it
    again goes on where it stopped.

    The memberships are to be ended before.

    Raises:
        NotFoundError: codes-api has never heard of the account.
    """
    await lock_tenant(session, account_id=account_id)
    for bot in await session.scalars(select(Bot).where(Bot.account_id == account_id).with_for_update()):
        await remove_bot(session, bot=bot, now=now)
    for table in (WebhookEndpoint, RefusedAttempt, ProjectChat):
        await session.execute(delete(table).where(table.account_id == account_id))
    await session.execute(idempotency_keys.delete().where(idempotency_keys.c.account_id == account_id))
    for named in (Project, MembershipPlan):
        await session.execute(update(named).where(named.account_id == account_id).values(name=ERASED))
    await session.execute(update(Batch).where(Batch.account_id == account_id, Batch.label.is_not(None)).values(label=None))
    members = await _blank(session, account_id, Membership, Membership.telegram_id, (Membership.project_id, Membership.id), limit)
    place = (AccessCode.project_id, AccessCode.batch_id, AccessCode.position)
    redeemers = await _blank(session, account_id, AccessCode, AccessCode.redeemed_by, place, limit)
    return Piece(done=members + redeemers, more=limit in (members, redeemers))


async def _blank(
    session: AsyncSession, account_id: UUID, model: type[Any], column: Any, place: tuple[Any, ...], limit: int
) -> int:
    """Put nobody where a person stands, in so many rows at most; returns in how many."""
    named = select(*place).where(model.account_id == account_id, column != NOBODY).limit(limit).cte("named")
    blanked = await session.execute(
        update(model)
        .where(model.account_id == account_id, tuple_(*place).in_(select(named)))
        .values({column: NOBODY})
        .returning(column)
        .execution_options(synchronize_session=False)
    )
    return len(blanked.all())
