"""Remind a member that their membership ends soon."""

from shared.contracts.bots import RemindMember

from jobs.services import Services


async def remind_member(services: Services, reminder: RemindMember) -> None:
    """Have bot-gateway tell them.

    Raises:
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers.
    """
    await services.gateway.remind_member(reminder)
