"""/v1/sandbox/clock and its internal half. These routes exist only with SANDBOX=1."""

from typing import Annotated

from fastapi import APIRouter, Depends
from shared.clock import SandboxClock
from shared.contracts.sandbox import MoveClock, SandboxTime
from shared.errors import DependencyUnavailableError, UnauthorizedError
from shared.idempotency import IdempotentRoute
from shared.problems import problem_responses

from billing_api.api.deps import POST_PROBLEMS, ServiceOnly, SessionDep, StateDep, claim_for_operator
from billing_api.api.schemas.operator import AdvanceClock
from billing_api.sandbox.clock import advance_target, move_clock, read_clock, request_advance, wait_until_ready

router = APIRouter(
    prefix="/v1/sandbox/clock", tags=["Sandbox"], route_class=IdempotentRoute, dependencies=[Depends(claim_for_operator)]
)
internal_router = APIRouter(prefix="/internal/sandbox/clock", dependencies=[ServiceOnly], include_in_schema=False)

_PROBLEMS = (UnauthorizedError, DependencyUnavailableError)


async def _clock(state: StateDep) -> SandboxClock:
    if not isinstance(state.clock, SandboxClock):
        msg = "the sandbox routes exist only with the sandbox clock"
        raise TypeError(msg)
    return state.clock


ClockDep = Annotated[SandboxClock, Depends(_clock)]


@router.get("", summary="Read the sandbox clock", responses=problem_responses(*_PROBLEMS))
@internal_router.get("")
async def get_clock(session: SessionDep, clock: ClockDep) -> SandboxTime:
    """All services share this clock. `advancing`: what falls due on the way is still being run."""
    return await read_clock(session, clock)


@router.post(
    "",
    summary="Move the sandbox clock forward",
    responses=problem_responses(*_PROBLEMS, *POST_PROBLEMS),
)
async def post_clock(body: AdvanceClock, state: StateDep, session: SessionDep, clock: ClockDep) -> SandboxTime:
    """Runs everything that falls due on the way, in order of time. Waits up to ten seconds for the end of it; a longer
    way goes on by itself, and `GET` tells when it is `ready`."""
    wanted = advance_target(clock, to=body.to, seconds=body.seconds)
    async with state.database.transaction() as request:
        target = await request_advance(request, clock, to=wanted)
    await wait_until_ready(state.database, clock, target=target)
    return await read_clock(session, clock)


@internal_router.post("")
async def post_move(body: MoveClock, session: SessionDep, clock: ClockDep) -> SandboxTime:
    """One step of an advance."""
    return await move_clock(session, clock, to=body.to, finished=body.finished)
