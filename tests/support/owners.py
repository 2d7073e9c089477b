"""Stand-ins of the three services for tests of jobs: they speak the contracts, and write down who was asked for what.

They keep just enough state for what jobs must get right: batches with their steps, due moments, outboxes, the sandbox
clock with its target.
"""

import asyncio
import contextlib
import functools
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Request
from shared.calendar import rfc3339
from shared.clock import SandboxClock
from shared.contracts.accounts import Branding, EndMemberships, Entitlements, Limits, Piece, Standing
from shared.contracts.batches import (
    BatchStatus,
    BatchStep,
    DeliverBatch,
    DeliveryOutcome,
    DeliveryOutcomeStatus,
    GenerationResult,
    UnfinishedBatch,
    UnfinishedBatches,
)
from shared.contracts.bots import BotSync, SendNotice, TellCreator
from shared.contracts.chats import MembershipRef, MemberTold, SendReminder
from shared.contracts.due import DueRun, NextDue, OutboxState
from shared.contracts.events import Event
from shared.contracts.quota import QuotaReservation, ReportExpired, ReservationState
from shared.contracts.sandbox import ClockStatus, MoveClock, SandboxTime
from shared.errors import RemoteProblem
from shared.money import Money
from shared.problems import install_problem_handlers

from tests.support.in_process import served
from tests.support.owner_calls import Call, Due

TOKEN = "service-token-of-the-tests"


class Owners:
    """The state behind the three stand-ins."""

    def __init__(self) -> None:
        self.reset(Path())

    def reset(self, clock_file: Path) -> None:
        """Begin anew, with the clock that lies in this file."""
        self.clock_file = clock_file
        self.clock = SandboxClock(clock_file)
        self.calls: list[Call] = []
        self.answers: dict[str, list[RemoteProblem | Any]] = defaultdict(list)
        self.hold: dict[str, asyncio.Event] = {}
        self.unfinished: list[UnfinishedBatch] = []
        self.outcomes: dict[UUID, list[DeliveryOutcome]] = defaultdict(list)
        self.due = {"billing": Due(), "codes": Due()}
        self.unpublished = {"billing": 0, "codes": 0}
        self.target: datetime | None = None
        self.generates = BatchStatus.READY
        self.chat_known = True
        self.tokens: set[str | None] = set()
        self.billing_url = self.codes_url = self.gateway_url = ""

    def operations(self) -> list[str]:
        """What was asked for, in order, but for what the rounds of the cron ask all the time."""
        rounds = {"codes.unfinished", "codes.run_due", "billing.run_due", "billing.sandbox_time"}
        return [call.operation for call in self.calls if call.operation not in rounds]

    def count(self, operation: str) -> int:
        """How often it was asked for."""
        return sum(call.operation == operation for call in self.calls)

    def fail_next(self, operation: str, *statuses: int, code: str = "made_up", headers: dict[str, str] | None = None) -> None:
        """The operation's next answers are problems with these statuses."""
        self.answers[operation] += [
            RemoteProblem(status=status, code=code, title="Made up", detail="By the test.", extensions={}, headers=headers or {})
            for status in statuses
        ]

    async def asked(self, request: Request, operation: str, subject: object = "") -> None:
        """Note a call, let it wait where the test wants that, and fail it where the test wants that."""
        self.calls.append(Call(operation, str(subject), request.headers.get("X-Request-ID")))
        self.tokens.add(request.headers.get("Authorization"))
        if (gate := self.hold.get(operation)) is not None:
            await gate.wait()
        if self.answers[operation]:
            raise self.answers[operation].pop(0)

    async def run_due(self, request: Request, owner: str) -> DueRun:
        """Do one due item: the smallest piece there can be."""
        now, due = self.clock.now(), self.due[owner]
        await self.asked(request, f"{owner}.run_due", now.isoformat())
        done = 0
        if due.moments and due.moments[0] <= now and not due.stuck:
            moment = due.moments.pop(0)
            done = 1
            if due.on_run is not None:
                await due.on_run(moment)
        return DueRun(done=done, next_due_at=min(due.moments, default=None))

    def sandbox_time(self) -> SandboxTime:
        """Where the clock stands and goes."""
        status = ClockStatus.READY if self.target is None else ClockStatus.ADVANCING
        return SandboxTime(now=self.clock.now(), status=status, target=self.target)


@contextlib.asynccontextmanager
async def owners_running(clock_file: Path) -> AsyncIterator[Owners]:
    """The three stand-ins, on one socket."""
    owners, app = _owners_and_app()
    owners.reset(clock_file)
    async with served(app) as url:
        owners.billing_url, owners.codes_url, owners.gateway_url = f"{url}/billing", f"{url}/codes", f"{url}/gateway"
        yield owners


@functools.cache
def _owners_and_app() -> tuple[Owners, FastAPI]:
    """Made once: FastAPI takes longer to put an app together than most tests take to run."""
    owners = Owners()
    app = FastAPI()
    install_problem_handlers(app)
    for prefix, routers in {
        "/billing": (_billing(owners), _due(owners, "billing")),
        "/codes": (_codes(owners), _due(owners, "codes")),
        "/gateway": (_gateway(owners),),
    }.items():
        for router in routers:
            app.include_router(router, prefix=prefix)
    return owners, app


def _due(owners: Owners, owner: str) -> APIRouter:
    router = APIRouter(prefix="/internal")

    @router.get("/due")
    async def next_due() -> NextDue:
        return NextDue(next_due_at=min(owners.due[owner].moments, default=None))

    @router.post("/due/run")
    async def run_due(request: Request) -> DueRun:
        return await owners.run_due(request, owner)

    @router.get("/outbox")
    async def outbox() -> OutboxState:
        return OutboxState(unpublished=owners.unpublished[owner])

    return router


def _billing(owners: Owners) -> APIRouter:
    router = APIRouter(prefix="/internal")

    def reservation(batch_id: UUID, state: ReservationState) -> QuotaReservation:
        fee = Money(amount=0, currency="USD")
        return QuotaReservation(batch_id=batch_id, state=state, included=1, overage=0, fee=fee, lapses_at=owners.clock.now())

    @router.get("/accounts/{account_id}/entitlements")
    async def entitlements(request: Request, account_id: UUID) -> Entitlements:
        await owners.asked(request, "billing.entitlements", account_id)
        limits = Limits(projects=3, lifetime_memberships=5, codes=5)
        return Entitlements(
            account_id=account_id,
            version=7,
            plan="free",
            standing=Standing.ACTIVE,
            limits=limits,
            branding=Branding.EVERYWHERE,
            as_of=owners.clock.now(),
        )

    @router.post("/accounts/{account_id}/quota/reservations/{batch_id}/confirm")
    async def confirm(request: Request, account_id: UUID, batch_id: UUID) -> QuotaReservation:
        await owners.asked(request, "billing.confirm", f"{account_id}/{batch_id}")
        return reservation(batch_id, ReservationState.CONFIRMED)

    @router.post("/accounts/{account_id}/quota/reservations/{batch_id}/release")
    async def release(request: Request, account_id: UUID, batch_id: UUID) -> QuotaReservation:
        await owners.asked(request, "billing.release", f"{account_id}/{batch_id}")
        return reservation(batch_id, ReservationState.RELEASED)

    @router.post("/accounts/{account_id}/quota/expiries")
    async def expired(request: Request, account_id: UUID, report: ReportExpired) -> dict[str, str]:
        (batch,) = report.batches
        await owners.asked(request, "billing.expired", f"{account_id}/{batch.batch_id}/{report.event_id}/{batch.quantity}")
        return {}

    @router.get("/sandbox/clock")
    async def sandbox_time(request: Request) -> SandboxTime:
        await owners.asked(request, "billing.sandbox_time")
        return owners.sandbox_time()

    @router.post("/sandbox/clock")
    async def move_clock(request: Request, move: MoveClock) -> SandboxTime:
        await owners.asked(request, "billing.move_clock", f"{move.to.isoformat()}{' finished' if move.finished else ''}")
        with contextlib.suppress(ValueError):  # real time has passed that moment by itself
            owners.clock.move_to(move.to)
        if move.finished and move.to == owners.target:
            owners.target = None
        return owners.sandbox_time()

    return router


def _codes(owners: Owners) -> APIRouter:
    router = APIRouter(prefix="/internal")

    def done(batch_id: UUID, step: BatchStep) -> None:
        owners.unfinished = [batch for batch in owners.unfinished if (batch.batch_id, batch.step) != (batch_id, step)]

    @router.put("/tenants/{account_id}")
    async def put_entitlements(request: Request, account_id: UUID, entitlements: Entitlements) -> dict[str, str]:
        await owners.asked(request, "codes.put_entitlements", f"{account_id}/{entitlements.version}")
        return {}

    @router.post("/tenants/{account_id}/notices")
    async def tell_creator(request: Request, account_id: UUID, notice: TellCreator) -> dict[str, str]:
        await owners.asked(request, "codes.tell_creator", f"{account_id}/{notice.event_id}/{notice.kind}")
        return {}

    @router.post("/tenants/{account_id}/end-memberships")
    async def end_memberships(request: Request, account_id: UUID, end: EndMemberships) -> Piece:
        await owners.asked(request, "codes.end_memberships", f"{account_id}/{rfc3339(end.before)}")
        return Piece(done=5, more=owners.count("codes.end_memberships") == 1)

    @router.post("/tenants/{account_id}/erase")
    async def erase(request: Request, account_id: UUID) -> Piece:
        await owners.asked(request, "codes.erase", account_id)
        return Piece(done=5, more=owners.count("codes.erase") == 1)

    @router.get("/batches/unfinished")
    async def unfinished(request: Request, stalled_for: int) -> UnfinishedBatches:
        await owners.asked(request, "codes.unfinished", stalled_for)
        return UnfinishedBatches(data=owners.unfinished)

    @router.post("/batches/{account_id}/{batch_id}/generate")
    async def generate(request: Request, account_id: UUID, batch_id: UUID) -> GenerationResult:
        await owners.asked(request, "codes.generate", f"{account_id}/{batch_id}")
        done(batch_id, BatchStep.GENERATE)
        generated = 3 if owners.generates is BatchStatus.READY else 0
        return GenerationResult(batch_id=batch_id, status=owners.generates, generated=generated, chat_known=owners.chat_known)

    @router.post("/batches/{account_id}/{batch_id}/billed")
    async def billed(request: Request, account_id: UUID, batch_id: UUID) -> dict[str, str]:
        await owners.asked(request, "codes.billed", f"{account_id}/{batch_id}")
        done(batch_id, BatchStep.CONFIRM)
        return {}

    @router.post("/webhooks/fan-out")
    async def fan_out(request: Request, event: Event) -> dict[str, str]:
        await owners.asked(request, "codes.fan_out", f"{event.account_id}/{event.id}")
        return {}

    return router


def _gateway(owners: Owners) -> APIRouter:
    router = APIRouter(prefix="/internal")

    @router.post("/deliveries")
    async def deliver(request: Request, batch: DeliverBatch) -> DeliveryOutcome:
        await owners.asked(request, "gateway.deliver", f"{batch.account_id}/{batch.batch_id}")
        planned = owners.outcomes[batch.batch_id]
        return planned.pop(0) if planned else DeliveryOutcome(status=DeliveryOutcomeStatus.DELIVERED, sent=3)

    @router.post("/bots/{bot_id}/sync")
    async def sync(request: Request, bot_id: int) -> BotSync:
        await owners.asked(request, "gateway.sync", bot_id)
        return BotSync(bot_id=bot_id, listening=True)

    @router.post("/departures")
    async def let_go(request: Request, ended: MembershipRef) -> MemberTold:
        await owners.asked(request, "gateway.let_go", f"{ended.account_id}/{ended.project_id}/{ended.membership_id}")
        return MemberTold(told=True)

    @router.post("/reminders")
    async def remind(request: Request, send: SendReminder) -> MemberTold:
        subject = f"{send.account_id}/{send.project_id}/{send.membership_id}/{rfc3339(send.ends_at)}"
        await owners.asked(request, "gateway.remind", subject)
        return MemberTold(told=True)

    @router.post("/notices")
    async def notice(request: Request, send: SendNotice) -> dict[str, str]:
        await owners.asked(request, "gateway.notice", f"{send.account_id}/{send.project_id}/{send.kind}/{send.params}")
        return {}

    return router
