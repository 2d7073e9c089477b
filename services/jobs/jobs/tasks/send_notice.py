"""Tell a creator something through their bot."""

from shared.contracts.bots import SendNotice

from jobs.services import Services


async def send_notice(services: Services, notice: SendNotice) -> None:
    """Have bot-gateway send a notice.

    Raises:
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers.
    """
    await services.gateway.send_notice(notice)
