"""Hands an update to a bot, if it wants that kind."""

from shared.contracts.base import Json

from memberpass_local.telegram.models import Bot
from memberpass_local.telegram.updates import ON_REQUEST_ONLY
from memberpass_local.telegram.world import World


def notify(world: World, bot: Bot, kind: str, payload: Json) -> int | None:
    """Queue an update and answer its id; None if the bot's `allowed_updates` leave this kind out."""
    wanted = kind in bot.allowed_updates if bot.allowed_updates else kind not in ON_REQUEST_ONLY
    return world.push_update(bot.id, kind, payload).update_id if wanted else None
