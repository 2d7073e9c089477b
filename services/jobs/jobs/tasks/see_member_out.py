"""A membership is over: its member leaves the project's private chats."""

from shared.contracts.chats import MembershipRef

from jobs.services import Services


async def see_member_out(services: Services, membership: MembershipRef) -> None:
    """Have bot-gateway remove the member, unless another membership keeps them in, and tell them (`rules.md` T5).

    Up to 20 chats at some calls each take longer than other calls may; the event's own time limit holds.

    Raises:
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers; Telegram's outages are among them.
    """
    await services.deliveries.let_go(membership)
