"""The quota of access codes: quote, reserve, confirm, release (`rules.md` Q1-Q5). billing-api answers."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

MAX_BATCH = 1000
MAX_EXPIRED = 100
"""Batches in one report: their account is locked for some ten milliseconds."""


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


class ExpiredCodes(WireModel):
    """So many codes of a batch expired unredeemed."""

    batch_id: UUID
    quantity: int = Field(ge=1)


class ReportExpired(WireModel):
    """Codes of these batches expired unredeemed: free the quota of the cycles they were generated in.

    `event_id` makes it safe to say twice. All of it counts, or nothing does.
    """

    event_id: UUID
    batches: list[ExpiredCodes] = Field(min_length=1, max_length=MAX_EXPIRED)
