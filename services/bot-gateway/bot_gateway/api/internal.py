"""What jobs and codes-api call (service token; `shared.clients.gateway`)."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import SecretStr
from shared.auth import require_service
from shared.contracts.batches import DeliverBatch, DeliveryOutcome
from shared.contracts.bots import BotIdentity, BotSync, IdentifyBot, SendNotice
from shared.contracts.chats import CheckChat, CheckedChat, MembershipRef, MemberTold, SendReminder

from bot_gateway.bots.identify import identify_bot
from bot_gateway.chats.check import check_chat
from bot_gateway.chats.remind import remind
from bot_gateway.chats.see_out import see_out
from bot_gateway.delivery.deliver import deliver_batch
from bot_gateway.delivery.notice import NoticeSent, send_notice
from bot_gateway.gateway import Gateway, gateway_of

Running = Annotated[Gateway, Depends(gateway_of)]

# Long enough for one setWebhook; listening goes on being tried in the background.
LISTEN_WITHIN_S = 3.0


def internal_router(service_token: SecretStr) -> APIRouter:
    """The internal endpoints."""
    router = APIRouter(prefix="/internal", include_in_schema=False, dependencies=[Depends(require_service(service_token))])
    router.post("/bots/identify")(identify)
    router.post("/bots/{bot_id}/sync")(sync)
    router.post("/deliveries")(deliver)
    router.post("/notices")(tell)
    router.post("/chats/check")(check)
    router.post("/departures")(let_go)
    router.post("/reminders")(remind_member)
    return router


async def identify(body: IdentifyBot, gateway: Running) -> BotIdentity:
    """Check a token with getMe."""
    return await identify_bot(gateway.session, token=body.token)


async def sync(bot_id: int, gateway: Running) -> BotSync:
    """Read a bot again and listen to it, or stop."""
    loaded = await gateway.bots.sync(bot_id)
    if loaded is None:
        return BotSync(bot_id=bot_id, listening=False)
    try:
        await asyncio.wait_for(loaded.listening.wait(), LISTEN_WITHIN_S)
    except TimeoutError:
        return BotSync(bot_id=bot_id, listening=False)
    return BotSync(bot_id=bot_id, listening=True)


async def deliver(body: DeliverBatch, gateway: Running) -> DeliveryOutcome:
    """Send a batch to its creator."""
    return await deliver_batch(gateway.codes, gateway.bots, batch=body, max_wait_s=gateway.settings.delivery_max_wait_seconds)


async def tell(body: SendNotice, gateway: Running) -> NoticeSent:
    """Tell a creator something."""
    return await send_notice(gateway.bots, asked=body)


async def check(body: CheckChat, gateway: Running) -> CheckedChat:
    """May the project's bot invite and remove people in a chat?"""
    return await check_chat(gateway.bots, asked=body)


async def let_go(body: MembershipRef, gateway: Running) -> MemberTold:
    """A membership is over."""
    return await see_out(gateway.codes, gateway.bots, membership=body)


async def remind_member(body: SendReminder, gateway: Running) -> MemberTold:
    """A membership is about to end."""
    return await remind(gateway.codes, gateway.bots, asked=body)
