"""`/stats` in the creator's own chat: what became of their codes, as a picture with its figures in words under it."""

from aiogram import Router
from aiogram.filters import Command, Filter
from aiogram.types import Message
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.logging import get_logger

from bot_gateway import creator_texts
from bot_gateway.visit import Visit

log = get_logger(__name__)


class FromCreator(Filter):
    """The chat that was linked by the owner link (`rules.md` T2). For anybody else there is no such command."""

    async def __call__(self, _: Message, visit: Visit) -> bool:
        """Whether it is theirs."""
        return visit.telegram_id == visit.connected.owner_chat_id


def create_router() -> Router:
    """This file's handlers."""
    router = Router(name="stats")
    router.message.register(on_stats, Command("stats", ignore_case=True), FromCreator())
    return router


async def on_stats(_: Message, visit: Visit) -> None:
    """The picture if it can be had and sent, else the words alone."""
    await visit.state.clear()
    account_id, project_id = visit.connected.account_id, visit.connected.project_id
    words = creator_texts.statistics(await visit.codes.project_stats(account_id, project_id))
    try:
        picture = await visit.codes.project_stats_png(account_id, project_id)
    except (RemoteProblem, DependencyUnavailableError) as problem:
        log.warning("picture_not_drawn", code=problem.problem_code)
    else:
        if await visit.talk.show(picture, "statistics.png", words):
            return
    await visit.talk.say(words)
