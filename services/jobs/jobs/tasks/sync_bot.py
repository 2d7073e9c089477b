"""Make the gateway listen to a bot, or stop."""

from jobs.services import Services


async def sync_bot(services: Services, bot_id: int) -> None:
    """Have bot-gateway read again whether the bot is connected, and act on it.

    Raises:
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers.
    """
    await services.gateway.sync_bot(bot_id)
