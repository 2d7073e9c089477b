"""A creator asks for codes. In two steps, because billing-api is asked in between and no transaction waits for it:
`check_request` (may this be generated?), then billing-api reserves the quota, then `queue_batch`.

A crash in between leaves a reservation that lapses by itself; the same request sent again with its Idempotency-Key has
the same batch id, finds its reservation, and goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchStatus, DeliveryStatus
from shared.contracts.events import EventType
from shared.contracts.quota import QuotaReservation, ReserveQuota
from shared.money import Money
from shared.outbox import stage
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.batch_errors import AccessCodesDisabledError, BotNotConnectedError, ConsentRequiredError
from codes_api.codes.code_expiry import ExpiryPreset, code_expiry
from codes_api.codes.models import Batch
from codes_api.codes.quote import check_quantity
from codes_api.memberships.plan_errors import PlanInactiveError
from codes_api.memberships.plans import get_plan
from codes_api.projects.find import get_active_project, get_bot
from codes_api.tenants.errors import AccountLockedError


@dataclass(frozen=True)
class BatchWish:
    """What a creator asks for."""

    batch_id: UUID
    plan_id: UUID
    quantity: int
    expiry: ExpiryPreset
    expiry_days: int | None
    label: str | None
    consent: bool
    accept_fee: Money | None


async def check_request(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, standing: Standing, wish: BatchWish
) -> ReserveQuota:
    """Whether the codes may be generated, up to what only billing-api knows; and what to ask billing-api for.

    The order is fixed, so that a client meets one refusal after the other and not by chance (`rules.md` C9): the project,
    the request itself, the plan, the project's prerequisites, the account.

    Raises:
        NotFoundError: no such project, or no such plan in it.
        ProjectArchivedError, ConsentRequiredError, QuantityOutOfRangeError, PlanInactiveError, BotNotConnectedError,
        AccessCodesDisabledError, AccountLockedError.
    """
    project = await get_active_project(session, account_id=account_id, project_id=project_id)
    if not wish.consent:
        raise ConsentRequiredError
    check_quantity(wish.quantity)
    plan = await get_plan(session, account_id=account_id, project_id=project_id, plan_id=wish.plan_id)
    if not plan.active:
        raise PlanInactiveError
    if await get_bot(session, account_id=account_id, project_id=project_id) is None:
        raise BotNotConnectedError("Connect the project's bot first: members redeem their codes in it.")
    if not project.access_codes_enabled:
        raise AccessCodesDisabledError("Enable access codes first: PUT /v1/projects/{project}/payment-methods/access-codes.")
    if standing.restricted:
        raise AccountLockedError
    return ReserveQuota(
        batch_id=wish.batch_id,
        quantity=wish.quantity,
        unit_price=Money(amount=plan.price_amount, currency=plan.price_currency),
        accept_fee=wish.accept_fee,
    )


async def queue_batch(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    wish: BatchWish,
    reservation: QuotaReservation,
    now: datetime,
) -> Batch:
    """Write the batch and the event that gets it generated. The batch that is there already, if it was written before.

    Args:
        reservation: what billing-api agreed to for this batch id.
        now: the codes' expiry is counted from here.
    """
    fresh = (
        insert(Batch)
        .values(
            account_id=account_id,
            project_id=project_id,
            id=wish.batch_id,
            plan_id=wish.plan_id,
            quantity=wish.quantity,
            label=wish.label,
            expiry_preset=wish.expiry.value,
            expiry_days=wish.expiry_days,
            expires_at=code_expiry(now, wish.expiry, wish.expiry_days),
            included=reservation.included,
            overage=reservation.overage,
            fee_amount=reservation.fee.amount,
            fee_currency=reservation.fee.currency,
            status=BatchStatus.QUEUED.value,
            requested_at=now,
            delivery=DeliveryStatus.WAITING.value,
            progressed_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
        .returning(Batch)
    )
    batch = (await session.execute(fresh)).scalar_one_or_none()
    if batch is not None:
        payload = {"batch_id": str(batch.id)}
        await stage(session, outbox, EventType.BATCH_REQUESTED, account_id=account_id, payload=payload, now=now)
        return batch
    return await session.get_one(Batch, (account_id, project_id, wish.batch_id))
