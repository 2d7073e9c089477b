"""getChat, getChatMember, invite links, banChatMember, unbanChatMember: what a bot does as a group's administrator (T5)."""

from secrets import token_urlsafe

from memberpass_local.telegram.bot_api.call import Answer, Call
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.groups import chat_member, remove_member
from memberpass_local.telegram.models import InviteLink
from memberpass_local.telegram.wire import chat_of, invite_link_of

_MAX_LINK_NAME = 32
_MAX_LINK_MEMBERS = 99_999


async def get_chat(call: Call) -> Answer:
    """A chat that the bot can see."""
    chat_id = call.chat_id()
    if chat_id < 0:
        call.group()
    elif call.sandbox.world.chat(call.bot.id, chat_id) is None:
        raise BotApiError.bad_request("chat not found")
    more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}
    return Answer(chat_of(call.sandbox.world, chat_id) | more)


async def get_chat_member(call: Call) -> Answer:
    """A person's (or the bot's own) standing in a group."""
    group, user_id = call.group(), _user_id(call)
    known = user_id == call.bot.id or user_id in call.sandbox.world.people or user_id in group.members
    if not known:
        raise BotApiError.bad_request("member not found")
    return Answer(chat_member(call.sandbox.world, group, user_id))


async def create_chat_invite_link(call: Call) -> Answer:
    """A new link into a group; `member_limit` 1 is good for one person, `expire_date` in Unix seconds."""
    group, arguments = call.group(), call.arguments
    name, limit, expire = arguments.text("name"), arguments.number("member_limit"), arguments.number("expire_date")
    if len(name) > _MAX_LINK_NAME:
        raise BotApiError.bad_request("invite link name is too long")
    if not 0 <= limit <= _MAX_LINK_MEMBERS:
        raise BotApiError.bad_request("MEMBER_LIMIT_INVALID")
    if limit and arguments.flag("creates_join_request"):
        raise BotApiError.bad_request("member limit can't be specified for links requiring administrator approval")
    if expire and expire <= call.sandbox.unix_now():
        raise BotApiError.bad_request("EXPIRE_DATE_INVALID")
    link = InviteLink(
        link=f"https://t.me/+{token_urlsafe(12)}",
        group_id=group.id,
        name=name or None,
        member_limit=limit or None,
        expire_date=expire or None,
    )
    return Answer(invite_link_of(call.bot, call.sandbox.world.save_link(link)))


async def revoke_chat_invite_link(call: Call) -> Answer:
    """Nobody can enter with this link any more."""
    group = call.group()
    link = call.sandbox.world.links.get(call.arguments.text("invite_link"))
    if link is None or link.group_id != group.id:
        raise BotApiError.bad_request("INVITE_HASH_INVALID")
    return Answer(invite_link_of(call.bot, call.sandbox.world.save_link(link.model_copy(update={"revoked": True}))))


async def ban_chat_member(call: Call) -> Answer:
    """Remove a person and keep them out until they are unbanned."""
    group, user_id = call.group(), _user_id(call)
    if user_id == call.bot.id:
        raise BotApiError.bad_request("can't restrict self")
    if user_id not in call.sandbox.world.people and user_id not in group.members:
        raise BotApiError.bad_request("PARTICIPANT_ID_INVALID")
    remove_member(call.sandbox, group, user_id, ban=True)
    return Answer(result=True)


async def unban_chat_member(call: Call) -> Answer:
    """Let a person in again. Without `only_if_banned` a member is removed by it, as in the real server."""
    group, user_id = call.group(), _user_id(call)
    if user_id in group.members and not call.arguments.flag("only_if_banned"):
        remove_member(call.sandbox, group, user_id, ban=False)
    elif user_id in group.banned:
        left = [banned for banned in group.banned if banned != user_id]
        call.sandbox.world.save_group(group.model_copy(update={"banned": left}))
    return Answer(result=True)


def _user_id(call: Call) -> int:
    user_id = call.arguments.number("user_id")
    if user_id <= 0:
        raise BotApiError.bad_request("invalid user_id specified")
    return user_id


_NO_GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}
