"""What arq calls, one function a kind of job: it reads the arguments, runs the task inside an attempt, decides nothing.

arq knows them by their names (`jobs.queues`, `shared.contracts.events.ON_EVENT`).
"""

from typing import cast

from shared.contracts.base import Json
from shared.contracts.batches import BatchRef, BatchStep
from shared.contracts.events import ON_EVENT, Event

from jobs.attempt import ArqContext, attempt
from jobs.events import run_event
from jobs.queues import (
    ADVANCE_CLOCK,
    DELIVER_BATCH,
    GENERATE_BATCH,
    REQUEST_ROUNDS,
    RESUME_ADVANCE,
    RESUME_BATCHES,
    RUN_DUE,
    SETTLE_BATCH,
)
from jobs.services import DELIVERY_TIMEOUT_S, Services
from jobs.tasks import advance_clock as advancing
from jobs.tasks import deliver_batch as delivering
from jobs.tasks import generate_batch as generating
from jobs.tasks import resume_advance as resuming_advance
from jobs.tasks import resume_batches as resuming_batches
from jobs.tasks import run_due as running_due
from jobs.tasks import settle_batch as settling

REQUEST_WITHIN_S = 8.0
EVENT_WITHIN_S = 45.0
ROUND_WITHIN_S = 60.0
DELIVERY_WITHIN_S = DELIVERY_TIMEOUT_S + 10
ADVANCE_WITHIN_S = 600.0
"""An advance that takes longer goes on in its next try, from where the clock stands."""
ADVANCE_LONGEST_WAIT_S = 5.0
DELIVERY_LONGEST_WAIT_S = 10.0
"""Somebody is waiting for these."""


def _services(ctx: ArqContext) -> Services:
    return cast("Services", ctx["services"])


async def on_event(ctx: ArqContext, raw: Json) -> None:
    """An event that a relay handed over."""
    # arq's job id says which event it is, even if this release can't read it.
    async with attempt(ctx, ON_EVENT, request_id=raw.get("request_id"), within_s=EVENT_WITHIN_S, event_job=ctx["job_id"]) as this:
        event = Event.model_validate(raw)
        this.tell(event_type=event.type.value, account_id=str(event.account_id))
        await run_event(_services(ctx), event)


async def generate_batch(ctx: ArqContext, reference: Json, request_id: str | None) -> None:
    """A batch that stood still before its generation."""
    services, batch = _services(ctx), BatchRef.model_validate(reference)
    async with attempt(
        ctx, GENERATE_BATCH, request_id=request_id, within_s=EVENT_WITHIN_S, cron_repeats=True, batch_id=str(batch.batch_id)
    ) as this:
        await generating.generate_batch(services, batch)
    if this.refused:
        await services.queues.remember_refusal(batch, BatchStep.GENERATE)


async def settle_batch(ctx: ArqContext, reference: Json, request_id: str | None) -> None:
    """A batch that stood still before its billing."""
    services, batch = _services(ctx), BatchRef.model_validate(reference)
    async with attempt(
        ctx, SETTLE_BATCH, request_id=request_id, within_s=EVENT_WITHIN_S, cron_repeats=True, batch_id=str(batch.batch_id)
    ) as this:
        await settling.settle_batch(services, batch)
        await services.queues.request_step(batch, BatchStep.DELIVER)
    if this.refused:
        await services.queues.remember_refusal(batch, BatchStep.CONFIRM)


async def deliver_batch(ctx: ArqContext, reference: Json, request_id: str | None) -> None:
    """A batch to be sent to its creator."""
    services, batch = _services(ctx), BatchRef.model_validate(reference)
    async with attempt(
        ctx,
        DELIVER_BATCH,
        request_id=request_id,
        within_s=DELIVERY_WITHIN_S,
        longest_wait_s=DELIVERY_LONGEST_WAIT_S,
        batch_id=str(batch.batch_id),
    ) as this:
        await delivering.deliver_batch(services, batch)
    if this.refused:
        await services.queues.remember_refusal(batch, BatchStep.DELIVER)


async def advance_clock(ctx: ArqContext, request_id: str | None) -> None:
    """The sandbox clock is to be moved."""
    async with attempt(
        ctx, ADVANCE_CLOCK, request_id=request_id, within_s=ADVANCE_WITHIN_S, longest_wait_s=ADVANCE_LONGEST_WAIT_S
    ):
        await advancing.advance_clock(_services(ctx))


async def run_due(ctx: ArqContext, owner: str) -> None:
    """It is time to ask an owner for what is due."""
    services = _services(ctx)
    async with attempt(ctx, RUN_DUE, request_id=None, within_s=ROUND_WITHIN_S, cron_repeats=True, owner=owner):
        await running_due.run_due(services.owners[owner], owner, services.clock)


async def resume_batches(ctx: ArqContext) -> None:
    """It is time to look for batches that stand still."""
    async with attempt(ctx, RESUME_BATCHES, request_id=None, within_s=ROUND_WITHIN_S, cron_repeats=True):
        await resuming_batches.resume_batches(_services(ctx))


async def resume_advance(ctx: ArqContext) -> None:
    """It is time to look for an interrupted advance."""
    async with attempt(ctx, RESUME_ADVANCE, request_id=None, within_s=ROUND_WITHIN_S, cron_repeats=True):
        await resuming_advance.resume_advance(_services(ctx))


async def request_rounds(ctx: ArqContext) -> None:
    """The cron: put the rounds on the queue as jobs of their own, so that an owner that fails or dawdles stops nobody."""
    services = _services(ctx)
    async with attempt(ctx, REQUEST_ROUNDS, request_id=None, within_s=REQUEST_WITHIN_S, cron_repeats=True):
        await services.queues.request_rounds(sandbox=services.sandbox)
