"""Telling a member that their membership ends soon."""

from aiogram.exceptions import AiogramError
from shared.clients.codes import CodesClient
from shared.contracts.base import WireModel
from shared.contracts.bots import RemindMember
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.bots.registry import Bots
from bot_gateway.talk import Talk
from bot_gateway.telegram import PASSING, rest_of

log = get_logger(__name__)

RETRY_AFTER_S = 5


class Reminded(WireModel):
    """Answer of `POST /internal/reminders`. False: there is nothing to say any more, or nobody to say it."""

    told: bool


async def remind(codes: CodesClient, bots: Bots, *, asked: RemindMember) -> Reminded:
    """Say it in the member's chat, unless the membership was extended or is over.

    Raises:
        DependencyUnavailableError: Telegram or codes-api is away; ask again.
    """
    loaded = await bots.of_project(asked.account_id, asked.project_id)
    if loaded is None:
        return Reminded(told=False)
    try:
        of = await codes.member_of(asked)
    except RemoteProblem as problem:
        log.info("reminder_without_membership", membership_id=str(asked.membership_id), code=problem.problem_code)
        return Reminded(told=False)
    if of.membership.status != "active" or of.membership.ends_at != asked.ends_at:
        return Reminded(told=False)
    connected = loaded.connected
    talk = Talk(loaded.bot, of.telegram_id, connected.branding)
    try:
        await talk.say(texts.ending(connected.project_name, of.membership), keyboards.start())
    except PASSING as error:
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    except AiogramError as error:
        log.warning("reminder_refused", bot_id=connected.bot_id, error=type(error).__name__)
        return Reminded(told=False)
    log.info("member_reminded", project_id=str(asked.project_id))
    return Reminded(told=True)
