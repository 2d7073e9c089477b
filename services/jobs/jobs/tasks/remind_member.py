"""A membership is about to end: its member is reminded."""

from shared.contracts.chats import SendReminder

from jobs.services import Services


async def remind_member(services: Services, reminder: SendReminder) -> None:
    """Have bot-gateway tell the member when it ends, if that is still so (`rules.md` T5).

    Raises:
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers; Telegram's outages are among them.
    """
    await services.gateway.remind(reminder)
