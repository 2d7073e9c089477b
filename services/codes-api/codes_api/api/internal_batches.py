"""Generating and delivering batches, for jobs and bot-gateway."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from shared.clients.base import Done
from shared.contracts.accounts import Branding
from shared.contracts.batches import (
    BatchCounts,
    CountBatches,
    DeliveryClaim,
    GenerationResult,
    ReportDelivery,
    UnfinishedBatches,
)

from codes_api.api.deps import NowDep, ServiceOnly, SessionDep, StateDep
from codes_api.codes.billed import mark_billed
from codes_api.codes.claim_on_wire import claim_on_wire
from codes_api.codes.count_batches import count_batches
from codes_api.codes.delivery import claim_delivery, release_delivery, report_delivery
from codes_api.codes.delivery_errors import DeliveryDoneError
from codes_api.codes.export import batch_csv
from codes_api.codes.generate import generate_batch
from codes_api.codes.unfinished import unfinished_batches
from codes_api.tenants.models import Tenant

router = APIRouter(prefix="/internal/batches", dependencies=[ServiceOnly], include_in_schema=False)


@router.get("/unfinished")
async def unfinished(
    session: SessionDep, stalled_for: Annotated[int, Query(ge=0, description="Real seconds.")] = 10
) -> UnfinishedBatches:
    """Those that stand still, with their next step."""
    return UnfinishedBatches(data=await unfinished_batches(session, stalled_for=timedelta(seconds=stalled_for)))


@router.post("/counts")
async def counts(body: CountBatches, session: SessionDep) -> BatchCounts:
    """What became of every batch's codes, for billing-api's audit."""
    return await count_batches(session, which=body)


@router.post("/{account_id}/{batch_id}/generate")
async def generate(account_id: UUID, batch_id: UUID, state: StateDep, now: NowDep) -> GenerationResult:
    """Write the codes that the batch misses."""
    return await generate_batch(state.database, account_id=account_id, batch_id=batch_id, now=now)


@router.post("/{account_id}/{batch_id}/billed")
async def billed(account_id: UUID, batch_id: UUID, state: StateDep, now: NowDep) -> Done:
    """billing-api confirmed the reservation."""
    await mark_billed(state.database, account_id=account_id, batch_id=batch_id, now=now)
    return Done()


@router.post("/{account_id}/{batch_id}/delivery/claim")
async def claim(account_id: UUID, batch_id: UUID, state: StateDep, session: SessionDep, now: NowDep) -> DeliveryClaim:
    """Take the right to deliver."""
    seconds = state.settings.delivery_lease_seconds
    claimed = await claim_delivery(session, account_id=account_id, batch_id=batch_id, lease_seconds=seconds, now=now)
    if claimed is None:
        await session.commit()  # the batch was closed, and that must outlive this refusal
        raise DeliveryDoneError
    tenant = await session.get_one(Tenant, account_id)
    return claim_on_wire(
        claimed,
        branding=Branding(tenant.branding),
        lease_seconds=seconds,
        join_link_template=state.settings.join_link_template,
    )


@router.get("/{account_id}/{batch_id}/codes.csv")
async def csv(account_id: UUID, batch_id: UUID, state: StateDep, session: SessionDep, now: NowDep) -> Response:
    """The batch as the document that is delivered."""
    text = await batch_csv(
        session,
        account_id=account_id,
        batch_id=batch_id,
        join_link_template=state.settings.join_link_template,
        now=now,
    )
    return Response(text, media_type="text/csv; charset=utf-8")


@router.post("/{account_id}/{batch_id}/delivery/progress")
async def progress(
    account_id: UUID, batch_id: UUID, body: ReportDelivery, state: StateDep, session: SessionDep, now: NowDep
) -> Done:
    """So far it came."""
    await report_delivery(
        session,
        account_id=account_id,
        batch_id=batch_id,
        lease=body.lease,
        delivered=body.delivered,
        message_ids=body.message_ids,
        lease_seconds=state.settings.delivery_lease_seconds,
        now=now,
    )
    return Done()


@router.post("/{account_id}/{batch_id}/delivery/release")
async def release(account_id: UUID, batch_id: UUID, body: ReportDelivery, session: SessionDep, now: NowDep) -> Done:
    """Give the lease back."""
    await release_delivery(
        session,
        account_id=account_id,
        batch_id=batch_id,
        lease=body.lease,
        delivered=body.delivered,
        message_ids=body.message_ids,
        now=now,
    )
    return Done()
