"""Set a clock advance going again that was interrupted."""

from shared.contracts.sandbox import ClockStatus

from jobs.services import Services


async def resume_advance(services: Services) -> None:
    """Request the advance if billing-api says that one is under way. If a job is at it already, nothing happens.

    Raises:
        RemoteProblem, DependencyUnavailableError: as billing-api answers.
    """
    if (await services.billing.sandbox_time()).status is ClockStatus.ADVANCING:
        await services.queues.request_advance()
