"""Seeing a member out whose last membership in a project is over (`rules.md` T5): removed, not banned."""

from aiogram.exceptions import AiogramError, TelegramUnauthorizedError
from shared.clients.codes import CodesClient
from shared.contracts.chats import Departed, Departure, MemberChat, MembershipRef, MemberTold
from shared.errors import DependencyUnavailableError
from shared.logging import get_logger

from bot_gateway import keyboards, texts
from bot_gateway.bots.loaded import LoadedBot
from bot_gateway.bots.registry import Bots
from bot_gateway.chats.invite import report_trouble, revoke, ways_in
from bot_gateway.chats.rights import TIMEOUT_S, lacks_rights
from bot_gateway.chats.tell import tell_member
from bot_gateway.telegram import PASSING, rest_of

log = get_logger(__name__)

RETRY_AFTER_S = 5


async def see_out(codes: CodesClient, bots: Bots, *, membership: MembershipRef) -> MemberTold:
    """Remove the member from the project's chats, revoke their links, tell them, with a way back.

    codes-api decides whether they have to leave, before and again after: a member who redeems in between gets links back
    in. Done again, it removes again, which changes nothing; only the message may come twice, if the answer to us got lost.

    Raises:
        DependencyUnavailableError: Telegram or codes-api is away; ask again.
        RemoteProblem: as codes-api refuses.
    """
    due = await codes.departure(membership)
    if not due.gone:
        return MemberTold(told=False)
    loaded = await bots.of_project(membership.account_id, membership.project_id)
    if loaded is None:
        log.warning("departure_without_bot", project_id=str(membership.project_id))
        return MemberTold(told=False)
    if not await _remove_from_all(codes, loaded, due):
        return MemberTold(told=False)
    links = [chat.invite.link for chat in due.chats if chat.invite is not None]
    now = await codes.departed(membership, Departed(links=links))
    log.info("member_seen_out", project_id=str(membership.project_id), chats=len(due.chats), came_back=not now.gone)
    if now.gone:
        return await tell_member(loaded, due.telegram_id, texts.ended(due.plan_name, chats=len(due.chats)), keyboards.way_back())
    ways = await ways_in(codes, loaded.bot, loaded.connected, due.telegram_id, fresh=False)
    return await tell_member(loaded, due.telegram_id, texts.WAYS, keyboards.after_redeeming(ways))


async def _remove_from_all(codes: CodesClient, loaded: LoadedBot, due: Departure) -> bool:
    """Chat by chat; False: the bot's token is refused, so that nothing can be done at all."""
    try:
        for chat in due.chats:
            await _remove(codes, loaded, due.telegram_id, chat)
    except TelegramUnauthorizedError:
        log.warning("bot_token_refused", bot_id=loaded.connected.bot_id)
        return False
    except PASSING as error:
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    return True


async def _remove(codes: CodesClient, loaded: LoadedBot, telegram_id: int, chat: MemberChat) -> None:
    """Ban, which removes, and unban, which lets them come back. What can't be done, as with the chat's owner, is logged."""
    bot = loaded.bot
    if chat.invite is not None:  # first: a link that is used after the removal would undo it
        await revoke(bot, chat.chat_id, chat.invite.link)
    try:
        await bot.ban_chat_member(chat.chat_id, telegram_id, request_timeout=TIMEOUT_S)
        await bot.unban_chat_member(chat.chat_id, telegram_id, only_if_banned=True, request_timeout=TIMEOUT_S)
    except (*PASSING, TelegramUnauthorizedError):
        raise
    except AiogramError as error:
        log.warning("member_not_removed", chat_id=chat.chat_id, error=type(error).__name__)
        if lacks_rights(error):
            await report_trouble(codes, loaded.connected, chat.chat_id)
