"""Carry an account's entitlements from billing-api to codes-api."""

from uuid import UUID

from jobs.services import Services


async def put_entitlements(services: Services, account_id: UUID) -> None:
    """Fetch the present snapshot and hand it on. Not the event's: by now there may be a newer one, and codes-api
    ignores the older of two.

    Raises:
        RemoteProblem, DependencyUnavailableError: as either answers.
    """
    await services.codes.put_entitlements(await services.billing.entitlements(account_id))
