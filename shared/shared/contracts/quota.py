"""The quota of access codes: quote, reserve, confirm, release (`rules.md` Q1-Q5). billing-api answers."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

MAX_BATCH = 1000


class QuoteQuota(WireModel):
    """What would this many codes of a plan with this price cost now?"""

    quantity: int = Field(ge=1, le=MAX_BATCH)
    unit_price: Money


class QuotaQuote(WireModel):
    """`included` codes are free, `overage` codes cost `fee` together (USD)."""

    included: int = Field(examples=[153])
    overage: int = Field(examples=[47])
    fee: Money = Field(examples=[usd(141)])


class ReserveQuota(WireModel):
    """Set the quota for one batch aside. Keyed by the batch: asking twice reserves once."""

    batch_id: UUID
    quantity: int = Field(ge=1, le=MAX_BATCH)
    unit_price: Money
    accept_fee: Money | None = None


class ReservationState(StrEnum):
    """`reserved` lapses by itself; `confirmed` and `released` are final."""

    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    RELEASED = "released"


class QuotaReservation(WireModel):
    """A batch's part of the quota and the fee that was agreed."""

    batch_id: UUID
    state: ReservationState
    included: int
    overage: int
    fee: Money
    lapses_at: UtcDatetime


class ReportExpired(WireModel):
    """Unredeemed codes of a batch expired and were deleted: free the quota of the cycle they were generated in.

    `event_id` makes it safe to say twice.
    """

    event_id: UUID
    batch_id: UUID
    quantity: int = Field(ge=1)
