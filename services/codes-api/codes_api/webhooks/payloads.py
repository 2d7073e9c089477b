"""What creators are told: the body of each message. Ids, what a member got, and the code that they typed in.

The code of a redemption is in its message: it is the creator's own, and used up.
"""

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import Field
from shared.contracts.base import UtcDatetime, WireModel


class EndedBecause(StrEnum):
    """Why a membership is over."""

    ENDED = "ended"
    CANCELLED = "cancelled"


class CodesGenerated(WireModel):
    """Every code of a batch exists. One message a batch."""

    project_id: UUID
    batch_id: UUID
    plan_id: UUID
    label: str | None = Field(examples=["Spring giveaway"])
    quantity: int = Field(examples=[200])
    expires_at: UtcDatetime | None = Field(description="When the codes end; null: never.")


class CodesExpired(WireModel):
    """Codes of a batch expired unredeemed. One message a batch and sweep: a batch revoked or redeemed in part names only the
    codes that were left, and a sweep that takes a batch in two pieces sends two."""

    project_id: UUID
    batch_id: UUID
    plan_id: UUID
    label: str | None = Field(examples=["Spring giveaway"])
    quantity: int = Field(description="How many expired.", examples=[180])
    expires_at: UtcDatetime | None = Field(description="When they did.")


class CodeRedeemed(WireModel):
    """A member redeemed a code."""

    project_id: UUID
    batch_id: UUID
    plan_id: UUID
    membership_id: UUID = Field(description="What it gave, or extended.")
    telegram_id: int = Field(description="The member.", examples=[700100200])
    code: str = Field(examples=["7KQ2-M9XD-40TR-BW6N"])
    redeemed_at: UtcDatetime


class MembershipActivated(WireModel):
    """A member got a membership, or more of one."""

    project_id: UUID
    membership_id: UUID
    plan_id: UUID
    telegram_id: int = Field(description="The member.", examples=[700100200])
    extended: bool = Field(description="The membership was running and lasts longer now.", examples=[False])
    starts_at: UtcDatetime
    ends_at: UtcDatetime | None = Field(description="As of this redemption; null: lifetime.")


class MembershipEnded(WireModel):
    """A membership is over: its time has passed, or it was cancelled."""

    project_id: UUID
    membership_id: UUID
    plan_id: UUID
    telegram_id: int = Field(description="The member.", examples=[700100200])
    reason: EndedBecause
    starts_at: UtcDatetime
    ended_at: UtcDatetime


class WebhookTest(WireModel):
    """Sent when you ask for it."""

    project_id: UUID
    webhook_id: UUID


D = TypeVar("D", bound=WireModel)


class Envelope(WireModel, Generic[D]):
    """The body of every message. `timestamp` is when it happened; when it was sent is in the header."""

    type: str
    timestamp: UtcDatetime
    data: D


def body_of(type_: str, data: WireModel, occurred_at: datetime) -> str:
    """The JSON text that is signed and sent."""
    return (
        Envelope[WireModel].model_construct(type=type_, timestamp=occurred_at, data=data).model_dump_json(serialize_as_any=True)
    )
