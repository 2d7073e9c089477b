"""/internal: for other services, by the service token. Paths and models are those of `shared.clients.billing`."""

from uuid import UUID

from fastapi import APIRouter
from shared.clients.base import Done
from shared.contracts.accounts import AuthenticatedAccount, AuthenticateKey, Entitlements
from shared.contracts.due import DueRun, NextDue, OutboxState
from shared.contracts.quota import QuotaQuote, QuotaReservation, QuoteQuota, ReportExpired, ReservationState, ReserveQuota
from shared.contracts.sales import ReportSale, SaleReceipt
from shared.money import usd

from billing_api.accounts.authenticate import authenticate
from billing_api.accounts.entitlements import read_entitlements
from billing_api.api.deps import NowDep, ServiceOnly, SessionDep, StateDep
from billing_api.api.schemas.usage import said_by, show_sale
from billing_api.due.next import next_due
from billing_api.due.outbox import unpublished_events
from billing_api.due.run import run_due
from billing_api.quota.confirm import confirm_quota
from billing_api.quota.expire import free_expired
from billing_api.quota.models import QuotaReservation as Reservation
from billing_api.quota.quote import quote_quota
from billing_api.quota.release import release_quota
from billing_api.quota.reserve import reserve_quota
from billing_api.usage.report_sale import report_sale

router = APIRouter(prefix="/internal", dependencies=[ServiceOnly], include_in_schema=False)


@router.post("/api-keys/authenticate")
async def post_authenticate(body: AuthenticateKey, state: StateDep, now: NowDep) -> AuthenticatedAccount:
    """Whose key is this?"""
    holder = await authenticate(state.database, api_key=body.api_key, now=now)
    return AuthenticatedAccount(account_id=holder.account_id, api_key_id=holder.api_key_id, entitlements=holder.entitlements)


@router.get("/accounts/{account_id}/entitlements")
async def get_entitlements(account_id: UUID, session: SessionDep, now: NowDep) -> Entitlements:
    """The account's present snapshot."""
    return await read_entitlements(session, account_id=account_id, now=now)


@router.post("/accounts/{account_id}/quota/quote")
async def post_quote(account_id: UUID, body: QuoteQuota, session: SessionDep, now: NowDep) -> QuotaQuote:
    """What would it cost?"""
    return await quote_quota(session, account_id=account_id, quantity=body.quantity, unit_price=body.unit_price, now=now)


@router.post("/accounts/{account_id}/quota/reservations")
async def post_reservation(account_id: UUID, body: ReserveQuota, session: SessionDep, now: NowDep) -> QuotaReservation:
    """Set quota aside."""
    reservation = await reserve_quota(
        session,
        account_id=account_id,
        batch_id=body.batch_id,
        quantity=body.quantity,
        unit_price=body.unit_price,
        accept_fee=body.accept_fee,
        now=now,
    )
    return _shown(reservation)


@router.post("/accounts/{account_id}/quota/reservations/{batch_id}/confirm")
async def post_confirm(account_id: UUID, batch_id: UUID, session: SessionDep, now: NowDep) -> QuotaReservation:
    """The batch's codes exist."""
    return _shown(await confirm_quota(session, account_id=account_id, batch_id=batch_id, now=now))


@router.post("/accounts/{account_id}/quota/reservations/{batch_id}/release")
async def post_release(account_id: UUID, batch_id: UUID, session: SessionDep, now: NowDep) -> QuotaReservation:
    """The batch failed."""
    return _shown(await release_quota(session, account_id=account_id, batch_id=batch_id, now=now))


@router.post("/accounts/{account_id}/quota/expiries")
async def post_expiry(account_id: UUID, body: ReportExpired, session: SessionDep, now: NowDep) -> Done:
    """Unredeemed codes expired."""
    await free_expired(session, account_id=account_id, expired=body, now=now)
    return Done()


@router.post("/sales")
async def post_sale(body: ReportSale, session: SessionDep, now: NowDep) -> SaleReceipt:
    """A creator sold something."""
    return show_sale(await report_sale(session, account_id=body.account_id, said=said_by(body), now=now))


@router.get("/due")
async def get_due(state: StateDep, session: SessionDep) -> NextDue:
    """When is there work?"""
    return NextDue(next_due_at=await next_due(session, deletes=state.settings.account_deletion))


@router.post("/due/run")
async def post_due_run(state: StateDep, session: SessionDep, now: NowDep) -> DueRun:
    """Do a bounded piece of what is due."""
    deletes = state.settings.account_deletion
    done = await run_due(state.database, state.processor, now=now, deletes=deletes)
    await state.housekeeping.run_if_due()
    return DueRun(done=done, next_due_at=await next_due(session, deletes=deletes))


@router.get("/outbox")
async def get_outbox(session: SessionDep) -> OutboxState:
    """Has every event left?"""
    return OutboxState(unpublished=await unpublished_events(session))


def _shown(reservation: Reservation) -> QuotaReservation:
    return QuotaReservation(
        batch_id=reservation.batch_id,
        state=ReservationState(reservation.state),
        included=reservation.included,
        overage=reservation.overage,
        fee=usd(reservation.fee),
        lapses_at=reservation.lapses_at,
    )
