"""jobs hands over what happened; what is to be sent is then begun at once."""

from fastapi import APIRouter
from shared.contracts.events import Event

from codes_api.api.deps import NowDep, ServiceOnly, StateDep
from codes_api.webhooks.fan_out import fan_out

router = APIRouter(prefix="/internal/webhooks", dependencies=[ServiceOnly], include_in_schema=False)


@router.post("/fan-out")
async def fan_out_event(body: Event, state: StateDep, now: NowDep) -> dict[str, int]:
    """Write a delivery for each endpoint that wants to know of the event."""
    async with state.database.transaction() as session:
        written = await fan_out(session, event=body, now=now)
    if written:
        await state.webhooks.wake()
    return {"deliveries": written}
