"""What happens in groups: people join by a link, leave, are removed. Bots hear of it by `chat_member` updates."""

from shared.contracts.base import Json

from memberpass_local.telegram.deliver import notify
from memberpass_local.telegram.models import Group, InviteLink
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.wire import group_chat, invite_link_of, user_of_bot, user_of_person
from memberpass_local.telegram.world import World

_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip
_GRANTED = frozenset({"can_manage_chat", "can_delete_messages", "can_restrict_members", "can_invite_users"})


def chat_member(world: World, group: Group, user_id: int) -> Json:
    """The `ChatMember` of a person or of the group's bot."""
    if user_id == group.bot_id:
        return administrator(world, group)
    user = user_of_person(world.person(user_id))
    if user_id in group.members:
        return {"user": user, "status": "member"}
    if user_id in group.banned:
        return {"user": user, "status": "kicked", "until_date": 0}
    return {"user": user, "status": "left"}


def administrator(world: World, group: Group) -> Json:
    """The group's bot as its administrator."""
    user = user_of_bot(world.bots[group.bot_id])
    return {"user": user, "status": "administrator", **{right: right in _GRANTED for right in _RIGHTS}}


def add_member(sandbox: Sandbox, group: Group, user_id: int, link: InviteLink) -> None:
    """A person has joined by an invite link."""
    before = chat_member(sandbox.world, group, user_id)
    changed = sandbox.world.save_group(group.model_copy(update={"members": [*group.members, user_id]}))
    used = sandbox.world.save_link(link.model_copy(update={"used_by": [*link.used_by, user_id]}))
    _tell(sandbox, changed, user_id, before, used)


def remove_member(sandbox: Sandbox, group: Group, user_id: int, *, ban: bool) -> None:
    """A person is out: by themselves, or removed (and banned) by the bot."""
    before = chat_member(sandbox.world, group, user_id)
    members = [member for member in group.members if member != user_id]
    banned = sorted({*group.banned, user_id}) if ban else group.banned
    changed = sandbox.world.save_group(group.model_copy(update={"members": members, "banned": banned}))
    _tell(sandbox, changed, user_id, before, None)


def _tell(sandbox: Sandbox, group: Group, user_id: int, before: Json, link: InviteLink | None) -> None:
    world = sandbox.world
    after = chat_member(world, group, user_id)
    sandbox.hub.tell("groups", group=group.id)
    if before["status"] == after["status"]:
        return
    update: Json = {
        "chat": group_chat(group),
        "from": user_of_person(world.person(user_id)),
        "date": sandbox.unix_now(),
        "old_chat_member": before,
        "new_chat_member": after,
    }
    if link is not None:
        update["invite_link"] = invite_link_of(world.bots[group.bot_id], link)
    notify(world, world.bots[group.bot_id], "chat_member", update)
