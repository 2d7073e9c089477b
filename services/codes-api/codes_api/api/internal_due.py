"""jobs asks what is due and says when to do it. Times live here, in PostgreSQL."""

from typing import Final

from fastapi import APIRouter
from shared.contracts.due import DueRun, NextDue

from codes_api import due
from codes_api.api.deps import NowDep, ServiceOnly, SessionDep, StateDep

SANDBOX_PATIENCE_S: Final = 5.0
"""A step of the sandbox clock waits for webhooks under way, so that their next tries are planned before time goes on."""

router = APIRouter(prefix="/internal/due", dependencies=[ServiceOnly], include_in_schema=False)


@router.get("")
async def next_due(state: StateDep, session: SessionDep) -> NextDue:
    """When the next code expires, membership ends, member is to be reminded or webhook is to be sent."""
    return NextDue(next_due_at=await due.next_due(session, remind_days=state.settings.remind_days_before_end))


@router.post("/run")
async def run_due(state: StateDep, now: NowDep) -> DueRun:
    """Do a bounded piece of what is due now."""
    await state.housekeeping.run_if_due()
    return await due.run_due(
        state.database,
        now=now,
        tombstone_days=state.settings.tombstone_days,
        refused_attempt_days=state.settings.refused_attempt_days,
        remind_days=state.settings.remind_days_before_end,
        webhook_log_days=state.settings.webhook_log_days,
        webhooks=state.webhooks,
        webhook_patience_s=SANDBOX_PATIENCE_S if state.settings.sandbox else 0,
    )
