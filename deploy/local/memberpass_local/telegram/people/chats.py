"""/sandbox/chats: write to a bot, press its buttons, read what it answers."""

from fastapi import APIRouter, status
from shared.problems import problem_responses

from memberpass_local.telegram.people.deps import BaseUrl, BotDep, SandboxDep, UserIdPath
from memberpass_local.telegram.people.errors import BotBlockedError, BotNotFoundError, ButtonNotThereError, MessageNotFoundError
from memberpass_local.telegram.people.forms import Block, ChatCards, NewMessage, Press, Pressed, SeenMessage, SeenMessages
from memberpass_local.telegram.people.say import block, press, say
from memberpass_local.telegram.people.views import chat_card, seen

router = APIRouter(prefix="/sandbox/chats", tags=["Chats"])
_CREATED = status.HTTP_201_CREATED


@router.get("/{bot}", responses=problem_responses(BotNotFoundError))
async def list_chats(bot: BotDep, sandbox: SandboxDep, base_url: BaseUrl) -> ChatCards:
    """The bot's chats with people."""
    cards = [
        chat_card(sandbox.world, bot, user_id, chat, base_url) for user_id, chat in sandbox.world.chats_of(bot.id) if user_id > 0
    ]
    cards.sort(key=lambda card: card.last_message.message_id if card.last_message else 0, reverse=True)
    return ChatCards(chats=cards)


@router.post(
    "/{bot}/{user_id}/messages",
    status_code=_CREATED,
    responses=problem_responses(BotNotFoundError, MessageNotFoundError, BotBlockedError),
)
async def write(bot: BotDep, user_id: UserIdPath, form: NewMessage, sandbox: SandboxDep, base_url: BaseUrl) -> SeenMessage:
    """The person writes to the bot. Who was never seen before is a new person."""
    return seen(say(sandbox, bot, user_id, form.text, form.reply_to_message_id), base_url)


@router.post(
    "/{bot}/{user_id}/presses",
    status_code=_CREATED,
    responses=problem_responses(BotNotFoundError, MessageNotFoundError, ButtonNotThereError, BotBlockedError),
)
async def press_button(bot: BotDep, user_id: UserIdPath, form: Press, sandbox: SandboxDep) -> Pressed:
    """The person presses a button that a message of this chat shows now."""
    query_id, update_id = press(sandbox, bot, user_id, form.message_id, form.callback_data)
    return Pressed(callback_query_id=query_id, update_id=update_id)


@router.get("/{bot}/{user_id}/messages", responses=problem_responses(BotNotFoundError))
async def read(bot: BotDep, user_id: UserIdPath, sandbox: SandboxDep, base_url: BaseUrl) -> SeenMessages:
    """The chat as the person sees it, oldest first; empty if they never wrote."""
    chat = sandbox.world.chat(bot.id, user_id)
    messages = [seen(message, base_url) for message in chat.messages.values()] if chat else []
    return SeenMessages(messages=messages, blocked=chat.blocked if chat else False)


@router.put("/{bot}/{user_id}/block", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(BotNotFoundError))
async def set_block(bot: BotDep, user_id: UserIdPath, form: Block, sandbox: SandboxDep) -> None:
    """The person stops the bot, or lets it write again."""
    block(sandbox, bot, user_id, blocked=form.blocked)
