"""/sandbox/groups: private groups with a bot as administrator; people join by its invite links."""

from secrets import randbelow
from typing import Annotated

from fastapi import APIRouter, Path, status
from shared.problems import problem_responses

from memberpass_local.telegram.deliver import notify
from memberpass_local.telegram.groups import add_member, administrator, remove_member
from memberpass_local.telegram.models import Group, InviteLink
from memberpass_local.telegram.people.deps import SandboxDep, UserIdPath, find_bot
from memberpass_local.telegram.people.errors import BotNotFoundError, GroupNotFoundError, InviteRefusedError
from memberpass_local.telegram.people.forms import GroupCard, GroupCards, Join, NewGroup
from memberpass_local.telegram.people.views import group_card
from memberpass_local.telegram.sandbox import Sandbox
from memberpass_local.telegram.wire import group_chat, user_of_bot

router = APIRouter(prefix="/sandbox/groups", tags=["Groups"])
GroupPath = Annotated[int, Path(lt=0)]


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(BotNotFoundError))
async def make_group(form: NewGroup, sandbox: SandboxDep) -> GroupCard:
    """Make a group and the bot its administrator; the bot gets a `my_chat_member` update."""
    world, bot = sandbox.world, find_bot(sandbox, form.bot)
    group = world.save_group(Group(id=-1_000_000_000_000 - 10**9 - randbelow(10**9), bot_id=bot.id, title=form.title))
    world.set_blocked(bot.id, group.id, blocked=False)
    payload = {
        "chat": group_chat(group),
        "from": user_of_bot(bot),
        "date": sandbox.unix_now(),
        "old_chat_member": {"user": user_of_bot(bot), "status": "left"},
        "new_chat_member": administrator(world, group),
    }
    notify(world, bot, "my_chat_member", payload)
    sandbox.hub.tell("groups", group=group.id)
    return group_card(world, group)


@router.get("")
async def list_groups(sandbox: SandboxDep) -> GroupCards:
    """All groups with their members."""
    return GroupCards(groups=[group_card(sandbox.world, group) for group in sandbox.world.groups.values()])


@router.post("/joins", responses=problem_responses(GroupNotFoundError, InviteRefusedError))
async def join(form: Join, sandbox: SandboxDep) -> GroupCard:
    """A person opens an invite link and joins. Who is a member already stays one."""
    world = sandbox.world
    link = world.links.get(form.invite_link)
    if link is None:
        raise GroupNotFoundError("This invite link leads nowhere.")
    group = world.groups[link.group_id]
    if form.user_id not in group.members:
        _check(sandbox, group, link, form.user_id)
        if form.user_id not in world.people:
            world.save_person(world.person(form.user_id))
        add_member(sandbox, group, form.user_id, link)
    return group_card(world, world.groups[group.id])


@router.delete(
    "/{chat_id}/members/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(GroupNotFoundError)
)
async def leave(chat_id: GroupPath, user_id: UserIdPath, sandbox: SandboxDep) -> None:
    """A person leaves a group."""
    group = sandbox.world.groups.get(chat_id)
    if group is None or user_id not in group.members:
        raise GroupNotFoundError("This person is not in such a group.")
    remove_member(sandbox, group, user_id, ban=False)


def _check(sandbox: Sandbox, group: Group, link: InviteLink, user_id: int) -> None:
    if user_id in group.banned:
        raise InviteRefusedError("This person is banned from the group.")
    if link.revoked:
        raise InviteRefusedError("The link was revoked.")
    if link.expire_date is not None and sandbox.unix_now() >= link.expire_date:
        raise InviteRefusedError("The link has expired.")
    if link.member_limit is not None and len(link.used_by) >= link.member_limit:
        raise InviteRefusedError("The link is used up.")
