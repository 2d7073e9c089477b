"""A stand-in of billing-api for tests of codes-api alone: it speaks `shared.contracts` over HTTP and keeps all in memory."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from fastapi import APIRouter
from shared.contracts.accounts import (
    AuthenticatedAccount,
    AuthenticateKey,
    Branding,
    Entitlements,
    Limits,
    Standing,
)
from shared.contracts.quota import QuotaQuote, QuotaReservation, QuoteQuota, ReservationState, ReserveQuota
from shared.errors import AppError, UnauthorizedError
from shared.ids import new_id
from shared.money import Money, half_up, usd

NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Refusal(AppError):
    """Any refusal of billing-api, made by its words."""

    def __init__(self, status: int, code: str, **extensions: object) -> None:
        super().__init__(code, extensions=extensions)
        self._status, self._code = status, code

    @property
    def problem_status(self) -> int:
        return self._status

    @property
    def problem_code(self) -> str:
        return self._code


@dataclass
class BillingStandIn:
    """`refuse_reservations` is raised for every new reservation; `calls` counts what was asked for."""

    keys: dict[str, Entitlements] = field(default_factory=dict)
    free: dict[UUID, int] = field(default_factory=dict)
    reservations: dict[UUID, QuotaReservation] = field(default_factory=dict)
    refuse_reservations: AppError | None = None
    calls: Counter[str] = field(default_factory=Counter)

    def open_account(
        self,
        *,
        projects: int | None = 3,
        free_codes: int = 1_000_000,
        standing: Standing = Standing.ACTIVE,
        branding: Branding = Branding.EVERYWHERE,
    ) -> str:
        """A new account; its key."""
        account_id = new_id()
        key = f"mp_{account_id.hex}{account_id.hex}"
        self.free[account_id] = free_codes
        self.keys[key] = Entitlements(
            account_id=account_id,
            version=1,
            plan="starter_monthly",
            standing=standing,
            limits=Limits(projects=projects, lifetime_memberships=None, codes=free_codes),
            branding=branding,
            as_of=NOW,
        )
        return key

    def change(self, key: str, *, standing: Standing | None = None, projects: int | None = None) -> Entitlements:
        """A newer snapshot of an account."""
        old = self.keys[key]
        limits = old.limits if projects is None else old.limits.model_copy(update={"projects": projects})
        new = {"version": old.version + 1, "standing": standing or old.standing, "limits": limits}
        self.keys[key] = old.model_copy(update=new)
        return self.keys[key]

    def account_of(self, key: str) -> UUID:
        """Whose key it is."""
        return self.keys[key].account_id

    def quote(self, account_id: UUID, quantity: int, price: Money) -> QuotaQuote:
        """3 percent beyond the quota, like Starter."""
        included = min(quantity, self.free[account_id])
        overage = quantity - included
        return QuotaQuote(included=included, overage=overage, fee=usd(half_up(_fraction(price.amount * overage))))

    def router(self) -> APIRouter:
        """The HTTP face."""
        router = APIRouter()

        @router.post("/internal/api-keys/authenticate")
        async def authenticate(body: AuthenticateKey) -> AuthenticatedAccount:
            self.calls["authenticate"] += 1
            if (known := self.keys.get(body.api_key)) is None:
                raise UnauthorizedError
            return AuthenticatedAccount(account_id=known.account_id, api_key_id=known.account_id, entitlements=known)

        @router.post("/internal/accounts/{account_id}/quota/quote")
        async def quote(account_id: UUID, body: QuoteQuota) -> QuotaQuote:
            self.calls["quote"] += 1
            return self.quote(account_id, body.quantity, body.unit_price)

        @router.post("/internal/accounts/{account_id}/quota/reservations")
        async def reserve(account_id: UUID, body: ReserveQuota) -> QuotaReservation:
            self.calls["reserve"] += 1
            if (known := self.reservations.get(body.batch_id)) is not None:
                return known
            if self.refuse_reservations is not None:
                raise self.refuse_reservations
            quote = self.quote(account_id, body.quantity, body.unit_price)
            if quote.fee.amount and body.accept_fee != quote.fee:
                raise Refusal(409, "fee_not_accepted", quote=quote.model_dump(mode="json"))
            self.free[account_id] -= quote.included
            self.reservations[body.batch_id] = QuotaReservation(
                batch_id=body.batch_id,
                state=ReservationState.RESERVED,
                included=quote.included,
                overage=quote.overage,
                fee=quote.fee,
                lapses_at=NOW + timedelta(minutes=15),
            )
            return self.reservations[body.batch_id]

        return router


def _fraction(amount: int) -> Fraction:
    return Fraction(amount * 3, 100)
