"""billing-api's internal endpoints."""

from uuid import UUID

from pydantic import SecretStr

from shared.clients.base import Done, ServiceClient
from shared.contracts.accounts import AuthenticatedAccount, AuthenticateKey, Entitlements
from shared.contracts.due import DueRun, NextDue, OutboxState
from shared.contracts.quota import QuotaQuote, QuotaReservation, QuoteQuota, ReportExpired, ReserveQuota
from shared.contracts.sales import ReportSale, SaleReceipt
from shared.contracts.sandbox import MoveClock, SandboxTime


class BillingClient(ServiceClient):
    """Accounts, quota and the sandbox clock."""

    async def authenticate(self, api_key: SecretStr) -> AuthenticatedAccount:
        """Whose key this is. RemoteProblem 401 if it is nobody's."""
        body = AuthenticateKey(api_key=api_key.get_secret_value())
        return await self.call("POST", "/internal/api-keys/authenticate", AuthenticatedAccount, body)

    async def entitlements(self, account_id: UUID) -> Entitlements:
        """The account's present snapshot."""
        return await self.call("GET", f"/internal/accounts/{account_id}/entitlements", Entitlements)

    async def quote_quota(self, account_id: UUID, quote: QuoteQuota) -> QuotaQuote:
        """What generating would cost now; promises nothing."""
        return await self.call("POST", f"/internal/accounts/{account_id}/quota/quote", QuotaQuote, quote)

    async def reserve_quota(self, account_id: UUID, reservation: ReserveQuota) -> QuotaReservation:
        """Set quota aside for a batch. RemoteProblem: fee_not_accepted (with `quote`), payment_method_required,
        exchange_rate_missing, account_locked."""
        return await self.call("POST", f"/internal/accounts/{account_id}/quota/reservations", QuotaReservation, reservation)

    async def confirm_quota(self, account_id: UUID, batch_id: UUID) -> QuotaReservation:
        """The batch's codes exist: its fee becomes a usage item."""
        path = f"/internal/accounts/{account_id}/quota/reservations/{batch_id}/confirm"
        return await self.call("POST", path, QuotaReservation)

    async def release_quota(self, account_id: UUID, batch_id: UUID) -> QuotaReservation:
        """The batch was not generated: its quota is free again."""
        path = f"/internal/accounts/{account_id}/quota/reservations/{batch_id}/release"
        return await self.call("POST", path, QuotaReservation)

    async def report_expired(self, account_id: UUID, expired: ReportExpired) -> None:
        """Codes expired unredeemed."""
        await self.call("POST", f"/internal/accounts/{account_id}/quota/expiries", Done, expired)

    async def report_sale(self, sale: ReportSale) -> SaleReceipt:
        """A creator sold something: its transaction fee is owed. RemoteProblem: sale_mismatch, exchange_rate_missing."""
        return await self.call("POST", "/internal/sales", SaleReceipt, sale)

    async def next_due(self) -> NextDue:
        """When billing's next due work is."""
        return await self.call("GET", "/internal/due", NextDue)

    async def run_due(self) -> DueRun:
        """Do what is due in billing, a bounded piece of it."""
        return await self.call("POST", "/internal/due/run", DueRun)

    async def outbox(self) -> OutboxState:
        """How many of billing's committed events wait for the relay."""
        return await self.call("GET", "/internal/outbox", OutboxState)

    async def sandbox_time(self) -> SandboxTime:
        """Where the sandbox clock stands and goes."""
        return await self.call("GET", "/internal/sandbox/clock", SandboxTime)

    async def move_clock(self, move: MoveClock) -> SandboxTime:
        """One step of an advance."""
        return await self.call("POST", "/internal/sandbox/clock", SandboxTime, move)
