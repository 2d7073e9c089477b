"""Take somebody out of a project's private chats when their membership is over."""

from shared.contracts.bots import MembershipRef

from jobs.services import Services


async def part_member(services: Services, membership: MembershipRef) -> None:
    """Have bot-gateway do it, unless another membership of theirs runs.

    Raises:
        RemoteProblem, DependencyUnavailableError: as bot-gateway answers.
    """
    await services.gateway.part_member(membership)
