"""Reminding a member that their time is nearly over (`rules.md` T5)."""

from shared.clients.codes import CodesClient
from shared.contracts.chats import MemberTold, SendReminder
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.bots.registry import Bots
from bot_gateway.chats.tell import tell_member

log = get_logger(__name__)


async def remind(codes: CodesClient, bots: Bots, *, asked: SendReminder) -> MemberTold:
    """Say when the membership ends. Not if it was extended since, or is over: codes-api is asked once more.

    Raises:
        DependencyUnavailableError: Telegram or codes-api is away; ask again.
        RemoteProblem: as codes-api refuses.
    """
    membership = await codes.ending_membership(asked)
    if not membership.running or membership.ends_at != asked.ends_at:
        return MemberTold(told=False)
    loaded = await bots.of_project(asked.account_id, asked.project_id)
    if loaded is None:
        log.info("reminder_without_bot", project_id=str(asked.project_id))
        return MemberTold(told=False)
    return await tell_member(
        loaded, membership.telegram_id, texts.ends_soon(membership.plan_name, membership.ends_at), keyboards.way_back()
    )
