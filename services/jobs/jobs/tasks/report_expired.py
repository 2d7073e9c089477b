"""Free the quota of codes that expired unredeemed."""

from uuid import UUID

from shared.contracts.quota import ReportExpired

from jobs.services import Services


async def report_expired(services: Services, account_id: UUID, expired: ReportExpired) -> None:
    """Tell billing-api which batches lost how many codes; keyed by the event (`rules.md` Q1).

    Raises:
        RemoteProblem, DependencyUnavailableError: as billing-api answers.
    """
    await services.billing.report_expired(account_id, expired)
