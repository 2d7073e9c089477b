"""codes-api's internal endpoints."""

from uuid import UUID

from shared.clients.base import Done, ServiceClient
from shared.contracts.accounts import AccountUsage, EndMemberships, Entitlements, Piece
from shared.contracts.batches import (
    BatchCounts,
    BatchRef,
    CountBatches,
    DeliveryClaim,
    GenerationResult,
    ReportDelivery,
    UnfinishedBatches,
)
from shared.contracts.bots import ConnectedBot, ConnectedBots, LinkOwnerChat, OwnerChatLinked, TellCreator
from shared.contracts.chats import Departed, Departure, EndingMembership, InviteLink, KeepInvite, MemberChats, MembershipRef
from shared.contracts.due import DueRun, NextDue, OutboxState
from shared.contracts.events import Event
from shared.contracts.redemptions import CodePreview, KnownCode, MemberView, Redemption, TypedCode
from shared.contracts.statistics import CodeStatistics


class CodesClient(ServiceClient):
    """Batches, bots, members and their codes."""

    # tenants
    async def put_entitlements(self, entitlements: Entitlements) -> None:
        """Tell codes-api what an account may do; an older version than it has is ignored."""
        await self.call("PUT", f"/internal/tenants/{entitlements.account_id}", Done, entitlements)

    async def account_usage(self, account_id: UUID) -> AccountUsage:
        """Active projects and lifetime memberships of an account."""
        return await self.call("GET", f"/internal/tenants/{account_id}/usage", AccountUsage)

    async def tell_creator(self, account_id: UUID, notice: TellCreator) -> None:
        """Have an account's creator told something by their bots, once for each event."""
        await self.call("POST", f"/internal/tenants/{account_id}/notices", Done, notice)

    async def end_memberships(self, account_id: UUID, end: EndMemberships) -> Piece:
        """Cancel running memberships of a suspended account for good, a bounded piece of them."""
        return await self.call("POST", f"/internal/tenants/{account_id}/end-memberships", Piece, end)

    async def erase_tenant(self, account_id: UUID) -> Piece:
        """Erase the personal data of a deleted account and its members, a bounded piece of it."""
        return await self.call("POST", f"/internal/tenants/{account_id}/erase", Piece)

    # batches
    async def generate(self, batch: BatchRef) -> GenerationResult:
        """Write the codes that a batch still misses."""
        return await self.call("POST", f"/internal/batches/{batch.account_id}/{batch.batch_id}/generate", GenerationResult)

    async def mark_billed(self, batch: BatchRef) -> None:
        """Billing confirmed the batch's reservation."""
        await self.call("POST", f"/internal/batches/{batch.account_id}/{batch.batch_id}/billed", Done)

    async def unfinished_batches(self, stalled_for_seconds: int) -> UnfinishedBatches:
        """Batches that have stood still (in real seconds), with the step each stands before."""
        params = {"stalled_for": stalled_for_seconds}
        return await self.call("GET", "/internal/batches/unfinished", UnfinishedBatches, params=params)

    async def count_batches(self, which: CountBatches) -> BatchCounts:
        """How many codes of each batch there are and how many expired, of all accounts, a bounded piece."""
        return await self.call("POST", "/internal/batches/counts", BatchCounts, which)

    async def claim_delivery(self, batch: BatchRef) -> DeliveryClaim:
        """Take the right to deliver. RemoteProblem: delivery_leased, delivery_waiting, delivery_done (409)."""
        path = f"/internal/batches/{batch.account_id}/{batch.batch_id}/delivery/claim"
        return await self.call("POST", path, DeliveryClaim)

    async def report_delivery(self, batch: BatchRef, report: ReportDelivery) -> None:
        """So far it came; renews the lease. RemoteProblem: delivery_lease_lost (409)."""
        await self.call("POST", f"/internal/batches/{batch.account_id}/{batch.batch_id}/delivery/progress", Done, report)

    async def release_delivery(self, batch: BatchRef, report: ReportDelivery) -> None:
        """Give the lease back before the batch is out (Telegram asked for a rest)."""
        await self.call("POST", f"/internal/batches/{batch.account_id}/{batch.batch_id}/delivery/release", Done, report)

    async def batch_csv(self, batch: BatchRef) -> bytes:
        """The batch's CSV (C10) as the creator gets it."""
        response = await self.send("GET", f"/internal/batches/{batch.account_id}/{batch.batch_id}/codes.csv")
        return response.content

    # bots
    async def bots(self) -> ConnectedBots:
        """Every connected bot."""
        return await self.call("GET", "/internal/bots", ConnectedBots)

    async def bot(self, bot_id: int) -> ConnectedBot:
        """One connected bot. RemoteProblem 404 if it is connected no more."""
        return await self.call("GET", f"/internal/bots/{bot_id}", ConnectedBot)

    async def project_bot(self, account_id: UUID, project_id: UUID) -> ConnectedBot:
        """The bot of a project."""
        return await self.call("GET", f"/internal/projects/{account_id}/{project_id}/bot", ConnectedBot)

    async def link_owner_chat(self, account_id: UUID, project_id: UUID, link: LinkOwnerChat) -> OwnerChatLinked:
        """The creator opened their link. RemoteProblem: owner_link_unknown (404)."""
        return await self.call("POST", f"/internal/projects/{account_id}/{project_id}/owner-chat", OwnerChatLinked, link)

    # members
    async def member_view(self, account_id: UUID, project_id: UUID, telegram_id: int) -> MemberView:
        """The plans on offer and the member's memberships."""
        return await self.call("GET", f"/internal/projects/{account_id}/{project_id}/members/{telegram_id}", MemberView)

    async def preview_code(self, account_id: UUID, project_id: UUID, typed: TypedCode) -> CodePreview:
        """What a code would give, before it is confirmed. Refuses like `redeem` does."""
        return await self.call("POST", f"/internal/projects/{account_id}/{project_id}/codes/preview", CodePreview, typed)

    async def known_code(self, account_id: UUID, project_id: UUID, typed: TypedCode) -> bool:
        """Whether a text of the chat is an imported code. A no counts as a wrong guess where there are imported codes."""
        path = f"/internal/projects/{account_id}/{project_id}/codes/known"
        return (await self.call("POST", path, KnownCode, typed)).known

    async def redeem(self, account_id: UUID, project_id: UUID, typed: TypedCode) -> Redemption:
        """Redeem a code. RemoteProblem: code_mistyped, code_unknown, code_expired, code_already_redeemed, code_revoked,
        too_many_attempts, lifetime_limit_reached, account_locked."""
        return await self.call("POST", f"/internal/projects/{account_id}/{project_id}/redemptions", Redemption, typed)

    # private chats
    async def member_chats(self, account_id: UUID, project_id: UUID, telegram_id: int) -> MemberChats:
        """The chats that a member may be in now, with the links made for them."""
        return await self.call("GET", f"/internal/projects/{account_id}/{project_id}/members/{telegram_id}/chats", MemberChats)

    async def keep_invite(
        self, account_id: UUID, project_id: UUID, telegram_id: int, chat_id: int, made: KeepInvite
    ) -> InviteLink:
        """Remember the link that was made for a member; the answer is the one that counts. RemoteProblem 404: they may not be
        in the chat any more, so that no link counts."""
        path = f"/internal/projects/{account_id}/{project_id}/members/{telegram_id}/chats/{chat_id}/invite"
        return await self.call("PUT", path, InviteLink, made)

    async def report_chat_trouble(self, account_id: UUID, project_id: UUID, chat_id: int) -> None:
        """The bot has no right to invite or remove in a chat: its creator is told once."""
        await self.call("POST", f"/internal/projects/{account_id}/{project_id}/chats/{chat_id}/trouble", Done)

    async def departure(self, membership: MembershipRef) -> Departure:
        """What the end of a membership means for its member's place in the chats."""
        return await self.call("GET", f"{_membership(membership)}/departure", Departure)

    async def departed(self, membership: MembershipRef, done: Departed) -> Departure:
        """They were removed, and their links revoked. The answer is how it stands now; a member who came back while they
        were being removed is `gone` no more."""
        return await self.call("POST", f"{_membership(membership)}/departure", Departure, done)

    async def ending_membership(self, membership: MembershipRef) -> EndingMembership:
        """A membership and its present end."""
        return await self.call("GET", f"{_membership(membership)}/end", EndingMembership)

    # webhooks
    async def fan_out_webhooks(self, event: Event) -> None:
        """Write what the creator's webhook endpoints are to be told of an event; keyed by the event. Sending follows."""
        await self.call("POST", "/internal/webhooks/fan-out", Done, event)

    # statistics
    async def project_stats(self, account_id: UUID, project_id: UUID) -> CodeStatistics:
        """What became of a project's codes, with the last 30 days."""
        return await self.call("GET", f"/internal/projects/{account_id}/{project_id}/stats", CodeStatistics)

    async def project_stats_png(self, account_id: UUID, project_id: UUID) -> bytes:
        """The picture of `project_stats`. RemoteProblem: rate_limited (429) if too many are being drawn."""
        return (await self.send("GET", f"/internal/projects/{account_id}/{project_id}/stats.png")).content

    # due work
    async def next_due(self) -> NextDue:
        """When the next code or membership ends."""
        return await self.call("GET", "/internal/due", NextDue)

    async def run_due(self) -> DueRun:
        """Sweep what is due, a bounded piece of it."""
        return await self.call("POST", "/internal/due/run", DueRun)

    async def outbox(self) -> OutboxState:
        """How many of codes-api's committed events wait for the relay."""
        return await self.call("GET", "/internal/outbox", OutboxState)


def _membership(ref: MembershipRef) -> str:
    return f"/internal/projects/{ref.account_id}/{ref.project_id}/memberships/{ref.membership_id}"
