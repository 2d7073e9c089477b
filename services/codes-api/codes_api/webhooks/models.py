"""Where creators want to be told what happens, what they are to be told, and each try to tell them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from codes_api.base import Base


class WebhookEvent(StrEnum):
    """What an endpoint can subscribe to."""

    CODES_GENERATED = "access_codes.generated"
    CODE_REDEEMED = "access_code.redeemed"
    CODES_EXPIRED = "access_code.expired"
    MEMBERSHIP_ACTIVATED = "membership.activated"
    MEMBERSHIP_ENDED = "membership.ended"


TEST_EVENT = "webhook.test"
"""Sent on request, whatever an endpoint subscribes to."""


class DeliveryStatus(StrEnum):
    """`pending`: to be sent at `next_attempt_at`; `failed`: given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DisabledReason(StrEnum):
    """Who switched an endpoint off."""

    CREATOR = "creator"
    FAILING = "failing"
    """It accepted nothing for three days."""
    GONE = "gone"
    """It answered 410, by which the Standard Webhooks specification says that it wants no more."""


class WebhookEndpoint(Base):
    """One address of a creator's. `failing_since`: the first failure after the last success.

    Secrets are sealed. The previous one signs along until `previous_secret_until`.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "project_id"], ["projects.account_id", "projects.id"]),
        CheckConstraint("enabled = (disabled_at IS NULL)", name="disabled_at"),
        CheckConstraint("enabled = (disabled_reason IS NULL)", name="disabled_reason"),
        CheckConstraint("disabled_reason IN ('creator', 'failing', 'gone')", name="reason"),
        CheckConstraint("cardinality(events) > 0", name="events"),
        CheckConstraint("(previous_secret_sealed IS NULL) = (previous_secret_until IS NULL)", name="previous_secret"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str | None] = mapped_column(String(100))
    events: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_reason: Mapped[str | None] = mapped_column(String(8))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebhookDelivery(Base):
    """One message for one endpoint; its id is the `webhook-id`, the same at every try. `body` is what is signed and sent.

    `tries` and `tried_since` are of this round (a resend begins another), `attempts` counts all. `claimed_until` is real
    time: whoever holds `claim` is sending. All other moments are the domain's.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "endpoint_id"],
            ["webhook_endpoints.account_id", "webhook_endpoints.project_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries_endpoint",
            ondelete="CASCADE",
        ),
        # An event that is handed over twice is told once.
        UniqueConstraint("account_id", "project_id", "endpoint_id", "event_id", "type", name="uq_webhook_deliveries_event"),
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
        CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name="next_attempt_at"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at"),
        CheckConstraint("tries BETWEEN 0 AND attempts", name="tries"),
        CheckConstraint("(claim IS NULL) = (claimed_until IS NULL)", name="claim"),
        Index(
            "ix_webhook_deliveries_waiting",
            "account_id",
            "project_id",
            "endpoint_id",
            "next_attempt_at",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_webhook_deliveries_next_attempt_at", "next_attempt_at", postgresql_where=text("status = 'pending'")),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(9))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    tried_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claim: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookAttempt(Base):
    """One try. `error` says in a word what went wrong; what the receiver answered beside its status is not kept."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "endpoint_id", "delivery_id"],
            [
                "webhook_deliveries.account_id",
                "webhook_deliveries.project_id",
                "webhook_deliveries.endpoint_id",
                "webhook_deliveries.id",
            ],
            name="fk_webhook_attempts_delivery",
            ondelete="CASCADE",
        ),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("status_code IS NOT NULL OR error IS NOT NULL", name="outcome"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status_code: Mapped[int | None]
    duration_ms: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(32))
