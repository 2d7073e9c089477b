"""bot-gateway's internal endpoints."""

from shared.clients.base import Done, ServiceClient
from shared.contracts.batches import DeliverBatch, DeliveryOutcome
from shared.contracts.bots import BotIdentity, BotSync, IdentifyBot, SendNotice
from shared.contracts.chats import CheckChat, CheckedChat, MembershipRef, MemberTold, SendReminder


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

    async def check_chat(self, chat: CheckChat) -> CheckedChat:
        """Ask Telegram whether a project's bot may invite and remove in a chat. RemoteProblem: chat_not_found,
        chat_not_supported, chat_rights_missing (422)."""
        return await self.call("POST", "/internal/chats/check", CheckedChat, chat)

    async def let_go(self, membership: MembershipRef) -> MemberTold:
        """A membership is over: its member leaves the project's chats, unless another one keeps them in."""
        return await self.call("POST", "/internal/departures", MemberTold, membership)

    async def remind(self, reminder: SendReminder) -> MemberTold:
        """Tell a member that their membership is about to end."""
        return await self.call("POST", "/internal/reminders", MemberTold, reminder)
