"""Payment methods, attempts to charge them, and the sandbox processor's own books."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class PaymentMethod(Base):
    """A card as the processor knows it. Removed ones stay, because attempts speak of them."""

    __tablename__ = "payment_methods"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        CheckConstraint("NOT (is_default AND removed_at IS NOT NULL)", name="default_is_not_removed"),
        Index("uq_payment_methods_default", "account_id", unique=True, postgresql_where=text("is_default")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    processor_reference: Mapped[str] = mapped_column(String(255))
    brand: Mapped[str] = mapped_column(String(32))
    last_four: Mapped[str] = mapped_column(String(4))
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AttemptStatus(StrEnum):
    """`pending`: recorded, the processor may or may not have been asked. `unknown`: it was asked and did not answer.

    `unanswered`: it turned out that the processor never got the request; that is no decline (`rules.md` D1). `late`: the word
    that it had succeeded came when the invoice was settled otherwise; the amount is on the credit balance.
    """

    PENDING = "pending"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    UNANSWERED = "unanswered"
    LATE = "late"


class AttemptKind(StrEnum):
    """Who wanted it. Only `retry` counts among the eight automatic ones (D1)."""

    INITIAL = "initial"
    RETRY = "retry"
    MANUAL = "manual"
    NEW_CARD = "new_card"


UNRESOLVED = (AttemptStatus.PENDING, AttemptStatus.UNKNOWN)


class PaymentAttempt(Base):
    """One try to charge an invoice's rest, written down before the processor is asked.

    An invoice has at most one unresolved attempt, and at most one that succeeded. `leased_until` (real time) keeps others
    away while the processor is being asked; `resolve_at` (domain time) is when due work looks at an unresolved one.
    """

    __tablename__ = "payment_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "invoice_id"], ["invoices.account_id", "invoices.id"]),
        ForeignKeyConstraint(["account_id", "payment_method_id"], ["payment_methods.account_id", "payment_methods.id"]),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("status IN ('pending', 'unknown', 'succeeded', 'declined', 'unanswered', 'late')", name="status"),
        CheckConstraint("kind IN ('initial', 'retry', 'manual', 'new_card')", name="kind"),
        CheckConstraint("(status IN ('pending', 'unknown')) = (settled_at IS NULL)", name="settled_at"),
        Index(
            "uq_payment_attempts_unresolved",
            "account_id",
            "invoice_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'unknown')"),
        ),
        Index(
            "uq_payment_attempts_succeeded",
            "account_id",
            "invoice_id",
            unique=True,
            postgresql_where=text("status = 'succeeded'"),
        ),
        Index("ix_payment_attempts_resolve_at", "resolve_at", postgresql_where=text("status IN ('pending', 'unknown')")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID]
    payment_method_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(8), default=AttemptKind.INITIAL, server_default=AttemptKind.INITIAL)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16), default=AttemptStatus.PENDING)
    decline_code: Mapped[str | None] = mapped_column(String(64))
    processor_reference: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolve_at: Mapped[datetime] = mapped_column(UtcDateTime)
    silences: Mapped[int] = mapped_column(default=0)

    @property
    def idempotency_key(self) -> str:
        """What the processor knows the charge by."""
        return f"{self.invoice_id}:{self.id}"


class SandboxCharge(Base):
    """What the sandbox processor did, kept so that asking it twice charges once, also across restarts."""

    __tablename__ = "sandbox_charges"
    __table_args__ = (
        CheckConstraint("outcome IN ('succeeded', 'declined')", name="outcome"),
        Index("ix_sandbox_charges_method_reference", "method_reference"),
    )

    idempotency_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    method_reference: Mapped[str] = mapped_column(String(255))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    outcome: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(64))
    decline_code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
