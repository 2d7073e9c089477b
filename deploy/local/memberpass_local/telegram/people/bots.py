"""/sandbox/bots: make bots and look at them, as with BotFather."""

from secrets import choice, randbelow
from string import ascii_letters, digits

from fastapi import APIRouter, status
from shared.problems import problem_responses

from memberpass_local.telegram.models import Bot
from memberpass_local.telegram.people.deps import BotDep, SandboxDep
from memberpass_local.telegram.people.errors import BotNotFoundError, UsernameTakenError
from memberpass_local.telegram.people.forms import BotCards, BotDetails, MadeBot, NewBot
from memberpass_local.telegram.people.views import bot_card
from memberpass_local.telegram.world import World

router = APIRouter(prefix="/sandbox/bots", tags=["Bots"])
_TOKEN_CHARACTERS = ascii_letters + digits + "_-"
_TOKEN_TAIL = 33


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(UsernameTakenError))
async def make_bot(form: NewBot, sandbox: SandboxDep) -> MadeBot:
    """Make a bot. Its token is answered once here and again by `GET /sandbox/bots/{bot}`."""
    username = form.username.removeprefix("@")
    if sandbox.world.bot_by_name(username) is not None:
        raise UsernameTakenError(f"There is a bot with the username {username} already.")
    bot_id = _free_id(sandbox.world)
    token = f"{bot_id}:AA{''.join(choice(_TOKEN_CHARACTERS) for _ in range(_TOKEN_TAIL))}"
    bot = sandbox.world.save_bot(Bot(id=bot_id, token=token, username=username, name=form.name or username))
    sandbox.hub.tell("bots")
    return MadeBot(id=bot.id, token=bot.token, username=bot.username, name=bot.name)


@router.get("")
async def list_bots(sandbox: SandboxDep) -> BotCards:
    """All bots, without their tokens."""
    return BotCards(bots=[bot_card(bot) for bot in sandbox.world.bots.values()])


@router.get("/{bot}", responses=problem_responses(BotNotFoundError))
async def show_bot(bot: BotDep, sandbox: SandboxDep) -> BotDetails:
    """One bot as its owner sees it, with its token."""
    last_error = sandbox.courier.last_errors.get(bot.id)
    return BotDetails(
        **bot_card(bot).model_dump(),
        token=bot.token,
        webhook_url=bot.webhook.url if bot.webhook else None,
        pending_updates=len(sandbox.world.queue(bot.id).pending),
        last_error=last_error.message if last_error else None,
    )


def _free_id(world: World) -> int:
    while (bot_id := 7_000_000_000 + randbelow(1_000_000_000)) in world.bots:
        pass
    return bot_id
