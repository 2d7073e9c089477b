"""What an event of the domain is for creators: none, one or two messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.base import WireModel
from shared.contracts.events import Event, EventType
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.alphabet import shown
from codes_api.codes.models import AccessCode, Batch
from codes_api.memberships.models import Membership, MembershipPlan, MembershipStatus
from codes_api.memberships.periods import period_end
from codes_api.webhooks.models import WebhookEvent
from codes_api.webhooks.payloads import (
    CodeRedeemed,
    CodesExpired,
    CodesGenerated,
    EndedBecause,
    MembershipActivated,
    MembershipEnded,
)


@dataclass(frozen=True)
class Message:
    """Something to tell the endpoints of a project."""

    project_id: UUID
    type: WebhookEvent
    data: WireModel


async def messages_of(session: AsyncSession, event: Event) -> Sequence[Message]:
    """The messages for an event; none if creators are not told of its type, or what it speaks of is gone."""
    match event.type:
        case EventType.BATCH_GENERATED:
            return await _generated(session, event)
        case EventType.CODES_EXPIRED:
            return await _expired(session, event)
        case EventType.CODE_REDEEMED:
            return await _redeemed(session, event)
        case EventType.MEMBERSHIP_ENDED:
            return await _ended(session, event)
        case _:
            return []


async def _generated(session: AsyncSession, event: Event) -> Sequence[Message]:
    batch = await _batch(session, event)
    if batch is None:
        return []
    data = CodesGenerated(
        project_id=batch.project_id,
        batch_id=batch.id,
        plan_id=batch.plan_id,
        label=batch.label,
        quantity=batch.quantity,
        expires_at=batch.expires_at,
    )
    return [Message(batch.project_id, WebhookEvent.CODES_GENERATED, data)]


async def _expired(session: AsyncSession, event: Event) -> Sequence[Message]:
    batch = await _batch(session, event)
    if batch is None:
        return []
    data = CodesExpired(
        project_id=batch.project_id,
        batch_id=batch.id,
        plan_id=batch.plan_id,
        label=batch.label,
        quantity=event.payload["quantity"],
        expires_at=batch.expires_at,
    )
    return [Message(batch.project_id, WebhookEvent.CODES_EXPIRED, data)]


async def _batch(session: AsyncSession, event: Event) -> Batch | None:
    query = select(Batch).where(Batch.account_id == event.account_id, Batch.id == UUID(event.payload["batch_id"]))
    return (await session.execute(query)).scalar_one_or_none()


async def _redeemed(session: AsyncSession, event: Event) -> Sequence[Message]:
    project_id, batch_id = UUID(event.payload["project_id"]), UUID(event.payload["batch_id"])
    query = (
        select(AccessCode.code, Membership, MembershipPlan)
        .join(
            Membership,
            and_(
                Membership.account_id == AccessCode.account_id,
                Membership.project_id == AccessCode.project_id,
                Membership.id == AccessCode.membership_id,
            ),
        )
        .join(
            MembershipPlan,
            and_(
                MembershipPlan.account_id == Membership.account_id,
                MembershipPlan.project_id == Membership.project_id,
                MembershipPlan.id == Membership.plan_id,
            ),
        )
        .where(
            AccessCode.account_id == event.account_id,
            AccessCode.project_id == project_id,
            AccessCode.batch_id == batch_id,
            AccessCode.position == event.payload["position"],
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return []
    code, membership, plan = row
    redeemed = CodeRedeemed(
        project_id=project_id,
        batch_id=batch_id,
        plan_id=plan.id,
        membership_id=membership.id,
        telegram_id=membership.telegram_id,
        code=shown(code),
        redeemed_at=event.occurred_at,
    )
    # As of this redemption: by now another one may have extended it further.
    periods: int = event.payload["periods"]
    activated = MembershipActivated(
        project_id=project_id,
        membership_id=membership.id,
        plan_id=plan.id,
        telegram_id=membership.telegram_id,
        extended=periods > 1,
        starts_at=membership.starts_at,
        ends_at=period_end(membership.starts_at, plan.interval_unit, plan.interval_count, periods),
    )
    return [
        Message(project_id, WebhookEvent.CODE_REDEEMED, redeemed),
        Message(project_id, WebhookEvent.MEMBERSHIP_ACTIVATED, activated),
    ]


async def _ended(session: AsyncSession, event: Event) -> Sequence[Message]:
    project_id, membership_id = UUID(event.payload["project_id"]), UUID(event.payload["membership_id"])
    membership = await session.get(Membership, (event.account_id, project_id, membership_id))
    if membership is None or membership.closed_at is None:
        return []
    cancelled = membership.status == MembershipStatus.CANCELLED
    data = MembershipEnded(
        project_id=project_id,
        membership_id=membership.id,
        plan_id=membership.plan_id,
        telegram_id=membership.telegram_id,
        reason=EndedBecause.CANCELLED if cancelled else EndedBecause.ENDED,
        starts_at=membership.starts_at,
        ended_at=membership.closed_at,
    )
    return [Message(project_id, WebhookEvent.MEMBERSHIP_ENDED, data)]
