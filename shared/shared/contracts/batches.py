"""Between jobs, codes-api and bot-gateway: generating and delivering a batch."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from shared.contracts.base import UtcDatetime, WireModel


class BatchStatus(StrEnum):
    """How far generation is. `ready`: every code exists. `failed`: none does and none is charged."""

    QUEUED = "queued"
    GENERATING = "generating"
    READY = "ready"
    FAILED = "failed"


class DeliveryStatus(StrEnum):
    """How far delivery to the creator's chat is. `waiting`: nothing sent yet (not generated, or no chat linked)."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"


class BatchStep(StrEnum):
    """What an unfinished batch needs next."""

    GENERATE = "generate"
    CONFIRM = "confirm"
    DELIVER = "deliver"


class BatchRef(WireModel):
    """Names one batch."""

    account_id: UUID
    batch_id: UUID


class UnfinishedBatch(BatchRef):
    """A batch that has stood still for a while, and the step it stands before."""

    step: BatchStep


class UnfinishedBatches(WireModel):
    """Answer of `GET /internal/batches/unfinished`."""

    data: list[UnfinishedBatch]


class CountBatches(WireModel):
    """Which batches to count: in the order of account and batch, those after one and up to another. None: no bound."""

    after: BatchRef | None = None
    until: BatchRef | None = None


class BatchCount(BatchRef):
    """What became of a batch's codes. `in_flight`: it moved a short while ago, or an event about it may not have arrived yet,
    so that others may still count otherwise."""

    generated: int = Field(description="How many were written; 0 while there are none, or if the batch failed.")
    existing: int = Field(description="How many there are.")
    expired: int = Field(description="How many expired unredeemed and were swept.")
    in_flight: bool


class BatchCounts(WireModel):
    """A bounded piece. `more`: go on after the last one."""

    data: list[BatchCount]
    more: bool


class GenerationResult(WireModel):
    """Answer of the internal generate call. Safe to ask for again: `quantity` codes exist, no more.

    `chat_known`: there is a chat to deliver them to. One that is linked later asks for the batches that wait by itself.
    """

    batch_id: UUID
    status: BatchStatus
    generated: int
    chat_known: bool = False


class DeliveryMethod(StrEnum):
    """Under 25 codes: one message a code. From 25 on: one CSV (`rules.md` T2)."""

    MESSAGES = "messages"
    DOCUMENT = "document"


class DeliverableCode(WireModel):
    """One code as its message shows it."""

    position: int = Field(description="0-based place in the batch.")
    code: str = Field(description="As people read it: XXXX-XXXX-XXXX-XXXX.")
    join_link: str


class DeliveryClaim(WireModel):
    """The right to deliver a batch until the lease runs out, and what is still to be sent.

    `method` says how; `codes` are those not yet sent (empty for a document: fetch the CSV). Every progress report
    renews the lease. Leases are measured in real time, not in the sandbox's.
    """

    lease: UUID
    lease_seconds: int
    bot_id: int
    chat_id: int
    method: DeliveryMethod
    plan_name: str
    plan_period: str = Field(description='For people, such as "1 month" or "lifetime".')
    label: str | None
    expires_at: UtcDatetime | None
    quantity: int
    file_name: str
    codes: list[DeliverableCode]
    branded: bool = Field(description='Whether "Powered by MemberPass" goes under bot messages (T6).')


class ReportDelivery(WireModel):
    """`delivered` codes of the batch, counted from its first, are out. Never lowers what was reported before."""

    lease: UUID
    delivered: int = Field(ge=0)
    message_ids: list[int] = Field(default_factory=list)


class DeliverBatch(BatchRef):
    """jobs asks bot-gateway to send a batch to its creator."""


class DeliveryOutcomeStatus(StrEnum):
    """`paused`: Telegram asked for a rest, come back after `retry_after`. `leased`: somebody else is at it."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    LEASED = "leased"
    PAUSED = "paused"


class DeliveryOutcome(WireModel):
    """What became of a request to deliver. `retry_after` in seconds, where it makes sense to come back."""

    status: DeliveryOutcomeStatus
    sent: int = 0
    retry_after: int | None = None
