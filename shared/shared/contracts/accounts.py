"""What billing-api tells the others about an account: who it is, what it may do."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.base import UtcDatetime, WireModel


class Standing(StrEnum):
    """`rules.md` D2. Only billing-api decides it; the others obey."""

    ACTIVE = "active"
    GRACE = "grace"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    DELETABLE = "deletable"
    DELETED = "deleted"

    @property
    def restricted(self) -> bool:
        """No code generation, no redemption, no new membership, no plan change (D3)."""
        return self not in (Standing.ACTIVE, Standing.GRACE)

    @property
    def ends_memberships(self) -> bool:
        """Running memberships are cancelled for good (D3)."""
        return self in (Standing.SUSPENDED, Standing.DELETABLE, Standing.DELETED)


class Branding(StrEnum):
    """Where "Powered by MemberPass" is shown (`rules.md` B1, T6)."""

    EVERYWHERE = "everywhere"
    PORTAL_ONLY = "portal_only"
    NOWHERE = "nowhere"


Limit = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]


class Limits(WireModel):
    """What a plan allows; null is unlimited. `codes` is the free quota a billing cycle."""

    projects: Limit | None
    lifetime_memberships: Limit | None
    codes: Limit | None


class Entitlements(WireModel):
    """A versioned snapshot of what an account may do. A receiver keeps the highest version it has seen."""

    account_id: UUID
    version: int = Field(ge=1)
    plan: str
    standing: Standing
    limits: Limits
    branding: Branding
    as_of: UtcDatetime


class AuthenticateKey(WireModel):
    """The bearer key that a creator's request carried."""

    api_key: str = Field(min_length=1, max_length=200)


class AuthenticatedAccount(WireModel):
    """Who a key belongs to, with the entitlements of this moment."""

    account_id: UUID
    api_key_id: UUID
    entitlements: Entitlements


class EndMemberships(WireModel):
    """An account was suspended then: what began before is over. Carried out in pieces."""

    before: UtcDatetime


class Piece(WireModel):
    """How much one bounded piece of work did, and whether there is more."""

    done: int = Field(ge=0)
    more: bool


class AccountUsage(WireModel):
    """What an account uses of its plan's limits, counted by codes-api."""

    projects: int
    lifetime_memberships: int
