"""What is due: each owner keeps its due times in PostgreSQL; jobs asks and says when to run them."""

from pydantic import Field

from shared.contracts.base import UtcDatetime, WireModel


class NextDue(WireModel):
    """When the owner's next due work is; null: nothing planned."""

    next_due_at: UtcDatetime | None


class DueRun(WireModel):
    """What one run of due work did: `done` items, and when the next is due (a moment not after now: run again)."""

    done: int
    next_due_at: UtcDatetime | None


class OutboxState(WireModel):
    """Answer of `GET /internal/outbox`: how many committed events the owner's relay has not handed over yet."""

    unpublished: int = Field(ge=0)
