"""Members who redeem, and what came of it in a word."""

from collections.abc import Coroutine
from datetime import datetime
from functools import partial
from typing import Any

from codes_api.codes.redeem import redeem
from codes_api.codes.redeem_claim import Claim, claim_one
from shared.contracts.redemptions import Redemption
from shared.errors import AppError

from tests.support.codes_world import NOW, World


async def outcome(attempt: Coroutine[Any, Any, object]) -> str:
    """`redeemed`, `repeated`, the code of the refusal, or `done` if it was no redemption."""
    try:
        result = await attempt
    except AppError as error:
        return error.problem_code
    if isinstance(result, Redemption):
        return "repeated" if result.repeated else "redeemed"
    return "done"


def give(world: World, code: str, telegram_id: int, now: datetime = NOW, claim: Claim | None = None) -> Coroutine[Any, Any, str]:
    """The outcome of a member's redemption."""
    return outcome(redeem(world.database, **world.place, typed=code, telegram_id=telegram_id, now=now, claim=claim))


def alone(world: World, statement: str) -> Claim:
    """Each redemption by itself, with a statement out of which something was taken."""
    return partial(claim_one, world.database, statement=statement)
