"""bot-gateway's internal endpoints."""

from shared.clients.base import Done, ServiceClient
from shared.contracts.batches import DeliverBatch, DeliveryOutcome
from shared.contracts.bots import BotIdentity, BotSync, IdentifyBot, SendNotice


class GatewayClient(ServiceClient):
    """Telegram, as the others see it."""

    async def identify_bot(self, token: IdentifyBot) -> BotIdentity:
        """Check a token with getMe. RemoteProblem: bot_token_invalid (422)."""
        return await self.call("POST", "/internal/bots/identify", BotIdentity, token)

    async def sync_bot(self, bot_id: int) -> BotSync:
        """A bot was connected, changed or disconnected: read it again and listen, or stop."""
        return await self.call("POST", f"/internal/bots/{bot_id}/sync", BotSync)

    async def deliver(self, batch: DeliverBatch) -> DeliveryOutcome:
        """Send a batch to its creator; goes on where the last try stopped."""
        return await self.call("POST", "/internal/deliveries", DeliveryOutcome, batch)

    async def send_notice(self, notice: SendNotice) -> None:
        """Tell a project's creator something."""
        await self.call("POST", "/internal/notices", Done, notice)
