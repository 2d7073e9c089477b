"""What billing-api's word reaches, and what it asks before a plan change. Also: is the outbox empty?"""

from uuid import UUID

from fastapi import APIRouter
from shared.clients.base import Done
from shared.contracts.accounts import AccountUsage, EndMemberships, Entitlements, Piece
from shared.contracts.bots import TellCreator
from shared.contracts.due import OutboxState
from shared.errors import FieldError

from codes_api.api.deps import ServiceOnly, SessionDep, StateDep
from codes_api.outbox_state import outbox_state
from codes_api.tenants.end_memberships import end_account_memberships
from codes_api.tenants.erase import erase_tenant
from codes_api.tenants.snapshot import keep_entitlements
from codes_api.tenants.tell_creator import tell_creator
from codes_api.tenants.usage import account_usage

router = APIRouter(prefix="/internal", dependencies=[ServiceOnly], include_in_schema=False)


@router.put("/tenants/{account_id}")
async def put(account_id: UUID, body: Entitlements, state: StateDep) -> Done:
    """Keep a snapshot, if it is newer than what is known."""
    if body.account_id != account_id:
        raise FieldError("account_id", "The snapshot is of another account than the address.")
    await keep_entitlements(state.database, body)
    return Done()


@router.get("/tenants/{account_id}/usage")
async def usage(account_id: UUID, session: SessionDep) -> AccountUsage:
    """What the account uses of its plan's limits."""
    return await account_usage(session, account_id=account_id)


@router.post("/tenants/{account_id}/notices")
async def notices(account_id: UUID, body: TellCreator, state: StateDep, session: SessionDep) -> Done:
    """Have the creator told something, once for each event."""
    await tell_creator(session, account_id=account_id, notice=body, now=state.clock.now())
    return Done()


@router.post("/tenants/{account_id}/end-memberships")
async def end_memberships(account_id: UUID, body: EndMemberships, state: StateDep, session: SessionDep) -> Piece:
    """Cancel a piece of a suspended account's running memberships."""
    return await end_account_memberships(session, account_id=account_id, before=body.before, now=state.clock.now())


@router.post("/tenants/{account_id}/erase")
async def erase(account_id: UUID, state: StateDep, session: SessionDep) -> Piece:
    """Erase a piece of a deleted account's personal data."""
    return await erase_tenant(session, account_id=account_id, now=state.clock.now())


@router.get("/outbox")
async def outbox(session: SessionDep) -> OutboxState:
    """How many committed events wait for the relay."""
    return await outbox_state(session)
