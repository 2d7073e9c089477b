"""The two arq workers of this process, and why a SIGKILL costs neither a job nor minutes.

arq marks a job as in progress with a key that lives as long as the longest timeout of any function, so that a second
worker leaves it alone. With deliveries that would be more than two minutes, and the job of a killed worker would lie
there as long. So:

- The mark is made a short lease (`jobs_lease_s`) that `jobs.steady` renews while the job runs. A killed worker's jobs are
  taken up again when it lapses: every kind of job, with no list of what to recover.
- The cron asks codes-api every five seconds for batches that stand still and requests their next step under job ids of
  its own (`generate_batch:<batch>`, not `event:<event>`). That also finishes what no lease can: an event that went
  down with Redis, or was given up. A worker that starts makes the round at once.
- Either way a step may be asked for twice, even at the same time. The owners bear that: each call is keyed by a business
  id, generation holds the batch's row, delivery a lease of its own. jobs itself remembers nothing.

Events and what lasts are apart: deliveries and clock advances have their own queue and worker, so that a hundred
deliveries of 24 seconds hold up no event, and the event worker can look at its queue every 15 ms (1,000 codes are to be
ready 150 ms after the 202).

An event keeps its result for ten minutes, and arq takes no second job of an id that has one: an event that a relay hands
over again is ignored. The other jobs keep none, so that their ids can be used again at once.
"""

from datetime import UTC

from arq.connections import ArqRedis
from arq.cron import cron
from arq.typing import WorkerCoroutine
from arq.worker import Function, Worker, func
from shared.contracts.events import ON_EVENT, QUEUE
from typing_extensions import override

from jobs import functions, queues
from jobs.retries import OUTAGE_TRIES
from jobs.services import Services
from jobs.settings import Settings

KEEP_EVENT_RESULT_S = 600
HEALTH_EVERY_S = 5
ROUND_SECONDS = set(range(0, 60, 5))
_SPARE_S = 10
"""arq's own timeout drops a job; it must never come before that of `jobs.attempt`."""


class _OwnJobsKnown(Worker):
    """arq's worker, but that it leaves alone what it has under way itself.

    Jobs stay on the queue until they are done, and arq asks Redis about each that it finds there, in three round trips, whether
    somebody is at it: a busy worker did little else.
    """

    @override
    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start those of the queue's jobs that nobody is at."""
        running = {job_id.encode() for job_id, task in self.tasks.items() if not task.done()}
        await super().start_jobs([job_id for job_id in job_ids if job_id not in running])


def event_worker(settings: Settings, services: Services, redis: ArqRedis) -> Worker:
    """Takes events, batches that stood still, and the rounds of the cron."""
    return _OwnJobsKnown(
        functions=[
            _function(ON_EVENT, functions.on_event, functions.EVENT_WITHIN_S, keep_result_s=KEEP_EVENT_RESULT_S),
            _function(queues.GENERATE_BATCH, functions.generate_batch, functions.EVENT_WITHIN_S),
            _function(queues.SETTLE_BATCH, functions.settle_batch, functions.EVENT_WITHIN_S),
            _function(queues.RUN_DUE, functions.run_due, functions.ROUND_WITHIN_S),
            _function(queues.RESUME_BATCHES, functions.resume_batches, functions.ROUND_WITHIN_S),
            _function(queues.RESUME_ADVANCE, functions.resume_advance, functions.ROUND_WITHIN_S),
        ],
        cron_jobs=[cron(functions.request_rounds, second=ROUND_SECONDS, unique=True, run_at_startup=True, timeout=_SPARE_S)],
        queue_name=QUEUE,
        redis_pool=redis,
        ctx={"services": services},
        max_jobs=settings.jobs_max_events,
        poll_delay=settings.jobs_poll_delay_s,
        max_tries=OUTAGE_TRIES,
        keep_result=0,
        health_check_interval=HEALTH_EVERY_S,
        handle_signals=False,
        timezone=UTC,
        log_results=False,
    )


def slow_worker(settings: Settings, services: Services, redis: ArqRedis) -> Worker:
    """Takes deliveries and clock advances."""
    return _OwnJobsKnown(
        functions=[
            _function(queues.DELIVER_BATCH, functions.deliver_batch, functions.DELIVERY_WITHIN_S),
            _function(queues.ADVANCE_CLOCK, functions.advance_clock, functions.ADVANCE_WITHIN_S),
        ],
        queue_name=queues.SLOW_QUEUE,
        redis_pool=redis,
        ctx={"services": services},
        max_jobs=settings.jobs_max_deliveries,
        poll_delay=settings.jobs_slow_poll_delay_s,
        max_tries=OUTAGE_TRIES,
        keep_result=0,
        health_check_interval=HEALTH_EVERY_S,
        handle_signals=False,
        timezone=UTC,
        log_results=False,
    )


def _function(name: str, coroutine: WorkerCoroutine, within_s: float, *, keep_result_s: float = 0) -> Function:
    return func(coroutine, name=name, timeout=within_s + _SPARE_S, keep_result=keep_result_s)
