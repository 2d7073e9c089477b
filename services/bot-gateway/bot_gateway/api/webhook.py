"""Telegram's calls. Answered when the update was handled, so that Telegram sends it again if we could not."""

from typing import Annotated

from aiogram.types import Update
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import ValidationError
from shared.auth import same_secret
from shared.errors import DependencyUnavailableError, UnauthorizedError
from shared.logging import get_logger

from bot_gateway.dispatcher import handle_update
from bot_gateway.gateway import Gateway, gateway_of
from bot_gateway.telegram import PASSING, rest_of

log = get_logger(__name__)

# Telegram holds the update; a member waits for the answer.
RETRY_AFTER_S = 1

router = APIRouter(include_in_schema=False)


@router.post("/telegram/{bot_id}")
async def receive(
    bot_id: int,
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    secret: Annotated[str, Header(alias="X-Telegram-Bot-Api-Secret-Token")] = "",
) -> Response:
    """One update of one bot (`rules.md` T4). An unknown bot and a wrong secret get the same answer."""
    loaded = gateway.bots.get(bot_id)
    if loaded is None and not gateway.bots.loaded_once:
        raise DependencyUnavailableError("The list of bots")
    expected = loaded.connected.webhook_secret.get_secret_value() if loaded else ""
    if not same_secret(secret, expected) or loaded is None or not expected:
        raise UnauthorizedError("The webhook's secret is missing or wrong.")
    try:
        update = Update.model_validate_json(await request.body(), context={"bot": loaded.bot})
    except ValidationError:
        # Told "good", because sending it again would not make it readable.
        log.warning("update_unreadable", bot_id=bot_id)
        return Response()
    try:
        await handle_update(gateway.dispatcher, loaded, update)
    except PASSING as error:
        log.warning("update_not_answered", bot_id=bot_id, error=type(error).__name__)
        raise DependencyUnavailableError("Telegram", rest_of(error) or RETRY_AFTER_S) from error
    return Response()
