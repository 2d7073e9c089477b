"""The edge of every job: what its log lines carry, how long it may take, and what becomes of a failure."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from arq.worker import Retry
from shared.errors import AppError
from shared.logging import get_logger
from shared.request_id import bind_request_id

from jobs.retries import LONGEST_WAIT_S, Kind, kind_of, tries_for, wait_before_next

log = get_logger(__name__)

ArqContext = dict[Any, Any]
"""What arq hands to a job: our `services`, and its `job_id` and `job_try`."""


@dataclass
class Attempt:
    """How an attempt went, readable after its block."""

    refused: bool = False

    def tell(self, **ids: str) -> None:
        """Add to what the log lines of this attempt carry."""
        structlog.contextvars.bind_contextvars(**ids)


@asynccontextmanager
async def attempt(
    ctx: ArqContext,
    job: str,
    *,
    request_id: str | None,
    within_s: float,
    longest_wait_s: float = LONGEST_WAIT_S,
    cron_repeats: bool = False,
    **ids: str,
) -> AsyncIterator[Attempt]:
    """One try of a job. What is awaited in the block carries `request_id` on, in logs and to the services it calls.

    A failure that can pass leaves as arq's Retry. A refusal is logged as an error and ends the job.

    Args:
        ctx: arq's.
        job: its name in the logs.
        request_id: of the request that caused it; None makes a new one.
        within_s: longer than that, it failed (arq's own timeout would drop the job).
        longest_wait_s: between two tries.
        cron_repeats: the cron comes back in seconds, so that a failure is logged and left at that.
        ids: for the logs: what it is about.

    Raises:
        Retry: arq runs the job again after its delay.
    """
    bind_request_id(request_id)
    structlog.contextvars.bind_contextvars(job=job, **ids)
    this = Attempt()
    tries: int = ctx["job_try"]
    started = time.perf_counter()
    try:
        async with asyncio.timeout(within_s):
            yield this
    except Exception as error:
        kind = kind_of(error)
        if kind is Kind.REFUSED:
            this.refused = True
        _tell(error, kind, tries)
        if kind is Kind.REFUSED or cron_repeats:
            return
        if tries >= tries_for(kind):
            log.error("job_given_up", tries=tries, error=type(error).__name__)  # noqa: TRY400  # told in full above
            return
        raise Retry(defer=wait_before_next(error, tries, longest_wait_s)) from error
    else:
        if not cron_repeats:
            log.info("job_done", tries=tries, milliseconds=round((time.perf_counter() - started) * 1000, 1))


def _tell(error: Exception, kind: Kind, tries: int) -> None:
    if kind is Kind.EARLY:
        log.info("job_early", tries=tries, reason=str(error))
    elif kind is Kind.SURPRISE:
        log.error("job_failed", tries=tries, exc_info=error)
    elif isinstance(error, AppError):
        told = log.error if kind is Kind.REFUSED else log.warning
        told(f"job_{kind.value}", tries=tries, status=error.problem_status, code=error.problem_code, detail=error.detail)
    else:
        log.warning("job_passing", tries=tries, error=type(error).__name__)
