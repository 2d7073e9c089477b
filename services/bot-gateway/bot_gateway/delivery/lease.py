"""The right to deliver one batch, as long as the progress is reported. Leases run in real time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shared.clients.codes import CodesClient
from shared.contracts.batches import BatchRef, DeliveryClaim, ReportDelivery
from shared.errors import AppError, RemoteProblem
from shared.logging import get_logger

log = get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class LeaseLostError(Exception):
    """Somebody else delivers now: not one more message."""


class Lease:
    """Counts what is out and tells codes-api.

    Args:
        codes: keeps the count.
        batch: the batch.
        claim: what `claim_delivery` gave.
        sleep: waits (real seconds).
    """

    def __init__(self, codes: CodesClient, batch: BatchRef, claim: DeliveryClaim, *, sleep: Sleep) -> None:
        self._codes, self._batch, self._sleep = codes, batch, sleep
        self._lease, self._seconds = claim.lease, claim.lease_seconds
        self._delivered = claim.codes[0].position if claim.codes else 0
        self.sent = 0

    async def report(self, delivered: int, message_ids: Sequence[int]) -> None:
        """The first `delivered` codes are out; renews the lease.

        Raises:
            LeaseLostError: the lease is somebody else's now.
            DependencyUnavailableError: codes-api is away.
        """
        self.sent += delivered - self._delivered
        self._delivered = delivered
        try:
            await self._codes.report_delivery(self._batch, self._progress(message_ids))
        except RemoteProblem as problem:
            if problem.problem_code != "delivery_lease_lost":
                raise
            raise LeaseLostError from problem

    async def rest(self, seconds: float) -> None:
        """Wait as Telegram asked, and keep the lease meanwhile."""
        left = seconds
        while left > 0:
            await self.report(self._delivered, ())
            piece = min(left, self._seconds / 3)
            await self._sleep(piece)
            left -= piece

    async def release(self) -> None:
        """Give the right back, so that the next try need not wait for the lease to run out."""
        try:
            await self._codes.release_delivery(self._batch, self._progress(()))
        except AppError as error:
            log.info("delivery_not_released", batch_id=str(self._batch.batch_id), code=error.problem_code)

    async def release_before_end(self, within_s: float) -> None:
        """`release` while this process is being stopped."""
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.create_task(self.release())), within_s)
        except TimeoutError:
            log.info("delivery_not_released", batch_id=str(self._batch.batch_id), code="stopped")

    def _progress(self, message_ids: Sequence[int]) -> ReportDelivery:
        return ReportDelivery(lease=self._lease, delivered=self._delivered, message_ids=list(message_ids))
