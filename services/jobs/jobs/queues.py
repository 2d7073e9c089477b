"""What this service itself puts on its queues: follow-up jobs, each under an id that says what it is about.

arq takes no second job of an id while the first waits, runs or retries. So a batch has one delivery at a time whoever
asks for it, an owner's due work is asked for once however long it takes, and there is one advance of the clock. None of
these jobs keeps a result, because a kept result would block its id.
"""

from arq.connections import ArqRedis
from shared.contracts.batches import BatchRef, BatchStep
from shared.contracts.events import QUEUE
from shared.request_id import current_request_id

SLOW_QUEUE = f"{QUEUE}:slow"
"""For jobs that last: deliveries and clock advances. A worker of its own takes them, so that they hold up no event."""

ADVANCE_CLOCK = "advance_clock"
DELIVER_BATCH = "deliver_batch"
GENERATE_BATCH = "generate_batch"
REQUEST_ROUNDS = "request_rounds"
RESUME_ADVANCE = "resume_advance"
RESUME_BATCHES = "resume_batches"
RUN_DUE = "run_due"
SETTLE_BATCH = "settle_batch"

OWNERS = ("billing", "codes")
"""Who has due work. At the same moment billing comes first: standing decides what codes-api may do."""

REFUSED_FOR_S = 300
_EVENT_JOB = b"event:"
_BATCH_JOBS = {
    BatchStep.GENERATE: (GENERATE_BATCH, QUEUE),
    BatchStep.CONFIRM: (SETTLE_BATCH, QUEUE),
    BatchStep.DELIVER: (DELIVER_BATCH, SLOW_QUEUE),
}


class Queues:
    """Puts jobs on the queues, and sees what is on them."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis

    async def request_step(self, batch: BatchRef, step: BatchStep) -> bool:
        """Have a batch's step done by a job of its own; False if such a job is there already."""
        function, queue = _BATCH_JOBS[step]
        reference = {"account_id": str(batch.account_id), "batch_id": str(batch.batch_id)}
        job_id = f"{function}:{batch.batch_id}"
        job = await self._redis.enqueue_job(function, reference, current_request_id(), _job_id=job_id, _queue_name=queue)
        return job is not None

    async def request_advance(self) -> None:
        """Have the sandbox clock advanced to where billing-api wants it."""
        await self._redis.enqueue_job(ADVANCE_CLOCK, current_request_id(), _job_id=ADVANCE_CLOCK, _queue_name=SLOW_QUEUE)

    async def request_rounds(self, *, sandbox: bool) -> None:
        """Have everything looked after that is looked after every few seconds."""
        for owner in OWNERS:
            await self._redis.enqueue_job(RUN_DUE, owner, _job_id=f"{RUN_DUE}:{owner}", _queue_name=QUEUE)
        for function in (RESUME_BATCHES, RESUME_ADVANCE) if sandbox else (RESUME_BATCHES,):
            await self._redis.enqueue_job(function, _job_id=function, _queue_name=QUEUE)

    async def events_under_way(self) -> set[str]:
        """The job ids of events that wait, run or retry."""
        job_ids: list[bytes] = await self._redis.zrange(QUEUE, 0, -1)
        return {job_id.decode() for job_id in job_ids if job_id.startswith(_EVENT_JOB)}

    async def remember_refusal(self, batch: BatchRef, step: BatchStep, for_s: int = REFUSED_FOR_S) -> None:
        """A batch's step was refused, and asking again would get the same answer: let the cron leave it alone meanwhile. An
        event still asks at once."""
        await self._redis.set(_refusal_key(batch, step), b"1", ex=for_s)

    async def refused_lately(self, batch: BatchRef, step: BatchStep) -> bool:
        """Whether a refusal is remembered."""
        return bool(await self._redis.exists(_refusal_key(batch, step)))


def _refusal_key(batch: BatchRef, step: BatchStep) -> str:
    return f"{QUEUE}:refused:{step.value}:{batch.batch_id}"
