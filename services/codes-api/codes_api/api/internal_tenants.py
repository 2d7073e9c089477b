"""What billing-api's word reaches, and what it asks before a plan change. Also: is the outbox empty?"""

from uuid import UUID

from fastapi import APIRouter
from shared.clients.base import Done
from shared.contracts.accounts import AccountUsage, Entitlements
from shared.contracts.due import OutboxState
from shared.errors import FieldError

from codes_api.api.deps import ServiceOnly, SessionDep, StateDep
from codes_api.outbox_state import outbox_state
from codes_api.tenants.snapshot import keep_entitlements
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


@router.get("/outbox")
async def outbox(session: SessionDep) -> OutboxState:
    """How many committed events wait for the relay."""
    return await outbox_state(session)
