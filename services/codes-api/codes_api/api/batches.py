"""/v1/projects/{p}/batches: quote, request, look at. Revoking and exporting are in `codes.py`."""

from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import Field, StrictBool, StrictInt, ValidationInfo, field_validator
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.batches import BatchStatus, DeliveryStatus
from shared.contracts.pages import InvalidCursorError, Page
from shared.contracts.quota import QuotaQuote
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of
from shared.money import Money

from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import post_problems, read_problems
from codes_api.api.fields import DEFAULT_LIMIT, BatchId, Cursor, Id, Limit, ProjectId, ShortText
from codes_api.codes.batch_errors import (
    AccessCodesDisabledError,
    BotNotConnectedError,
    ConsentRequiredError,
    ExchangeRateMissingError,
    FeeNotAcceptedError,
    PaymentMethodRequiredError,
    QuantityOutOfRangeError,
)
from codes_api.codes.batches import CodeCounts, CountedBatch, get_batch, list_batches
from codes_api.codes.code_expiry import MAX_CUSTOM_DAYS, ExpiryPreset
from codes_api.codes.quote import quote_for
from codes_api.codes.request_batch import BatchWish, check_request, queue_batch
from codes_api.memberships.plan_errors import PlanInactiveError
from codes_api.projects.errors import ProjectArchivedError
from codes_api.tenants.errors import AccountLockedError

router = APIRouter(prefix="/v1/projects/{project_id}/batches", tags=["Batches"], route_class=IdempotentRoute)

_PLAN = "019a8f4e-5a3c-7e53-8f0b-3d1f8f3f9b10"


class QuoteRequest(WireModel):
    """What you think of generating."""

    plan_id: UUID = Field(examples=[_PLAN])
    quantity: StrictInt = Field(description="1 to 1000.", examples=[200])


class Expiry(WireModel):
    """Until when a code can be redeemed, counted from the request. The membership's length is the plan's."""

    preset: ExpiryPreset = Field(default=ExpiryPreset.NO_EXPIRY, examples=["custom"])
    days: StrictInt | None = Field(
        default=None, ge=1, le=MAX_CUSTOM_DAYS, description="Only with `custom`.", examples=[3], validate_default=True
    )

    @field_validator("days")
    @classmethod
    def _fit_the_preset(cls, value: int | None, info: ValidationInfo) -> int | None:
        custom = info.data.get("preset") is ExpiryPreset.CUSTOM
        if custom and value is None:
            msg = "is required with preset custom"
            raise ValueError(msg)
        if not custom and value is not None and "preset" in info.data:
            msg = "belongs to preset custom only"
            raise ValueError(msg)
        return value


class BatchRequest(WireModel):
    """Codes to be generated."""

    plan_id: UUID = Field(examples=[_PLAN])
    quantity: StrictInt = Field(description="1 to 1000.", examples=[200])
    expiry: Expiry = Expiry()
    label: ShortText | None = Field(default=None, description="For you, such as a campaign.", examples=["Spring giveaway"])
    consent: StrictBool = Field(default=False, description="You generate codes that you intend to distribute.", examples=[True])
    accept_fee: Money | None = Field(
        default=None,
        description="The `fee` that the quote named, if there is one.",
        examples=[{"amount": 141, "currency": "USD"}],
    )


class Counts(WireModel):
    """How many codes have which status."""

    unredeemed: int = Field(examples=[180])
    redeemed: int = Field(examples=[20])
    expired: int = Field(examples=[0])
    revoked: int = Field(examples=[0])


class BatchOut(WireModel):
    """One request for codes and how far it is."""

    id: Id
    project_id: Id
    plan_id: Id
    label: str | None = Field(examples=["Spring giveaway"])
    status: BatchStatus = Field(description="`ready`: every code exists. `failed`: none does, and none is charged.")
    delivery: DeliveryStatus = Field(description="`waiting` for the codes, or for you to open the owner link.")
    imported: bool = Field(description="Brought from another system instead of generated.", examples=[False])
    quantity: int = Field(examples=[200])
    generated: int = Field(description="Codes that exist.", examples=[200])
    delivered: int = Field(description="Codes that have been sent to your chat.", examples=[200])
    counts: Counts
    included: int = Field(description="Within your plan's free quota.", examples=[153])
    overage: int = Field(description="Beyond it.", examples=[47])
    fee: Money = Field(description="What the overage costs.", examples=[{"amount": 141, "currency": "USD"}])
    expiry: Expiry
    expires_at: UtcDatetime | None = Field(description="When the codes end; null: never.")
    requested_at: UtcDatetime
    generated_at: UtcDatetime | None
    delivered_at: UtcDatetime | None


def batch_out(counted: CountedBatch) -> BatchOut:
    """A batch on the wire."""
    batch = counted.batch
    return BatchOut(
        id=batch.id,
        project_id=batch.project_id,
        plan_id=batch.plan_id,
        label=batch.label,
        status=BatchStatus(batch.status),
        delivery=DeliveryStatus(batch.delivery),
        imported=batch.imported,
        quantity=batch.quantity,
        generated=batch.quantity if batch.status == BatchStatus.READY else 0,
        delivered=batch.delivered,
        counts=Counts.model_validate(counted.counts),
        included=batch.included,
        overage=batch.overage,
        fee=Money(amount=batch.fee_amount, currency=batch.fee_currency),
        expiry=Expiry(preset=ExpiryPreset(batch.expiry_preset), days=batch.expiry_days),
        expires_at=batch.expires_at,
        requested_at=batch.requested_at,
        generated_at=batch.generated_at,
        delivered_at=batch.delivered_at,
    )


@router.post(
    "/quote",
    summary="What would it cost?",
    responses=post_problems(QuantityOutOfRangeError, ExchangeRateMissingError, ProjectArchivedError),
)
async def quote(
    project_id: ProjectId,
    asker: CreatorDep,
    body: QuoteRequest,
    state: StateDep,
    session: SessionDep,  # noqa: ARG001  # keeps the answer for the Idempotency-Key
) -> QuotaQuote:
    """How many codes your free quota still covers, and the fee for the rest. Promises nothing: send the fee as
    `accept_fee` with the request, and it is refused with a fresh quote should it have changed."""
    async with state.database.transaction() as reading:
        question = await quote_for(
            reading,
            account_id=asker.account_id,
            project_id=project_id,
            plan_id=body.plan_id,
            quantity=body.quantity,
        )
    return await state.billing.quote_quota(asker.account_id, question)


@router.post(
    "",
    summary="Generate codes",
    status_code=status.HTTP_202_ACCEPTED,
    responses=post_problems(
        ConsentRequiredError,
        QuantityOutOfRangeError,
        PlanInactiveError,
        BotNotConnectedError,
        AccessCodesDisabledError,
        AccountLockedError,
        FeeNotAcceptedError,
        PaymentMethodRequiredError,
        ExchangeRateMissingError,
        ProjectArchivedError,
    ),
)
async def create(
    request: Request,
    project_id: ProjectId,
    asker: CreatorDep,
    body: BatchRequest,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
) -> BatchOut:
    """A background job writes the codes; the bot brings them to your chat: under 25 as a message each, else as a CSV.
    Watch `status` and `delivery` with GET. Beyond your quota, `accept_fee` must be the fee of the moment, or
    `fee_not_accepted` comes back with a fresh `quote`."""
    wish = BatchWish(
        batch_id=resource_id_of(request),
        plan_id=body.plan_id,
        quantity=body.quantity,
        expiry=body.expiry.preset,
        expiry_days=body.expiry.days,
        label=body.label,
        consent=body.consent,
        accept_fee=body.accept_fee,
    )
    reserve = await check_request(
        state.database,
        account_id=asker.account_id,
        project_id=project_id,
        standing=asker.entitlements.standing,
        wish=wish,
    )
    reservation = await state.billing.reserve_quota(asker.account_id, reserve)
    batch = await queue_batch(
        session, account_id=asker.account_id, project_id=project_id, wish=wish, reservation=reservation, now=now
    )
    return batch_out(CountedBatch(batch, CodeCounts()))


@router.get("", summary="List batches", responses=read_problems(NotFoundError, InvalidCursorError))
async def list_(
    project_id: ProjectId,
    asker: CreatorDep,
    session: SessionDep,
    now: NowDep,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[BatchOut]:
    """Newest first, each with what became of its codes."""
    found, next_cursor = await list_batches(
        session, account_id=asker.account_id, project_id=project_id, limit=limit, cursor=cursor, now=now
    )
    return Page[BatchOut](data=[batch_out(one) for one in found], next_cursor=next_cursor)


@router.get("/{batch_id}", summary="Look at a batch", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, batch_id: BatchId, asker: CreatorDep, session: SessionDep, now: NowDep) -> BatchOut:
    """How far generation and delivery are, and what became of the codes."""
    return batch_out(await get_batch(session, account_id=asker.account_id, project_id=project_id, batch_id=batch_id, now=now))
