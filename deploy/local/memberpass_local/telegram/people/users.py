"""/sandbox/users: who the people are."""

from fastapi import APIRouter

from memberpass_local.telegram.models import Person
from memberpass_local.telegram.people.deps import BaseUrl, SandboxDep, UserIdPath
from memberpass_local.telegram.people.forms import ChatCards, PersonCard, PersonCards, Profile
from memberpass_local.telegram.people.views import chat_card

router = APIRouter(prefix="/sandbox/users", tags=["People"])


@router.get("")
async def list_people(sandbox: SandboxDep) -> PersonCards:
    """Everybody who has shown up so far."""
    return PersonCards(users=[PersonCard.model_validate(person) for person in sandbox.world.people.values()])


@router.put("/{user_id}")
async def introduce(user_id: UserIdPath, form: Profile, sandbox: SandboxDep) -> PersonCard:
    """Give a person their name."""
    person = sandbox.world.save_person(Person(id=user_id, **form.model_dump()))
    sandbox.hub.tell("users")
    return PersonCard.model_validate(person)


@router.get("/{user_id}/chats")
async def list_chats(user_id: UserIdPath, sandbox: SandboxDep, base_url: BaseUrl) -> ChatCards:
    """The person's chat list: every bot, those they talk to first, the newest on top."""
    world = sandbox.world
    cards = [chat_card(world, bot, user_id, world.chat(bot.id, user_id), base_url) for bot in world.bots.values()]
    cards.sort(key=lambda card: card.last_message.date if card.last_message else -card.bot_id, reverse=True)
    return ChatCards(chats=cards)
