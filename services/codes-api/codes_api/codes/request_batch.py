"""A creator asks for codes. In two steps, because billing-api is asked in between and no transaction waits for it:
`check_request` (may this be generated?), then billing-api reserves the quota, then `queue_batch`.

A crash in between leaves a reservation that lapses by itself; the same request sent again with its Idempotency-Key has
the same batch id, finds its reservation, and goes on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchStatus, DeliveryStatus
from shared.contracts.events import EventType
from shared.contracts.quota import QuotaReservation, ReserveQuota
from shared.db import Database
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
from codes_api.memberships.plans import no_such_plan
from codes_api.projects.errors import ProjectArchivedError
from codes_api.projects.find import no_such_project
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


# Parameters: $1 account, $2 project, $3 plan. No row: no such project.
_ASKED: Final = """
SELECT j.archived_at IS NOT NULL AS archived, j.access_codes_enabled,
       p.id IS NOT NULL AS plan_known, p.active AS plan_active, p.price_amount, p.price_currency,
       EXISTS (SELECT FROM bots b WHERE b.account_id = j.account_id AND b.project_id = j.id) AS bot_connected
FROM projects j
LEFT JOIN membership_plans p ON p.account_id = j.account_id AND p.project_id = j.id AND p.id = $3::uuid
WHERE j.account_id = $1::uuid AND j.id = $2::uuid
"""


async def check_request(
    database: Database, *, account_id: UUID, project_id: UUID, standing: Standing, wish: BatchWish
) -> ReserveQuota:
    """Whether the codes may be generated, up to what only billing-api knows; and what to ask billing-api for.

    The order is fixed, so that a client meets one refusal after the other and not by chance (`rules.md` C9): the project,
    the request itself, the plan, the project's prerequisites, the account. All that has to be known comes in one statement.

    Raises:
        NotFoundError: no such project, or no such plan in it.
        ProjectArchivedError, ConsentRequiredError, QuantityOutOfRangeError, PlanInactiveError, BotNotConnectedError,
        AccessCodesDisabledError, AccountLockedError.
    """
    known = await database.fetch_row(_ASKED, account_id, project_id, wish.plan_id)
    if known is None:
        raise no_such_project()
    if known["archived"]:
        raise ProjectArchivedError
    if not wish.consent:
        raise ConsentRequiredError
    check_quantity(wish.quantity)
    if not known["plan_known"]:
        raise no_such_plan()
    if not known["plan_active"]:
        raise PlanInactiveError
    if not known["bot_connected"]:
        raise BotNotConnectedError("Connect the project's bot first: members redeem their codes in it.")
    if not known["access_codes_enabled"]:
        raise AccessCodesDisabledError("Enable access codes first: PUT /v1/projects/{project}/payment-methods/access-codes.")
    if standing.restricted:
        raise AccountLockedError
    return ReserveQuota(
        batch_id=wish.batch_id,
        quantity=wish.quantity,
        unit_price=Money(amount=known["price_amount"], currency=known["price_currency"]),
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
