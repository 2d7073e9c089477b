"""Invoices and their lines."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_api.base import Base


class InvoiceStatus(StrEnum):
    """`void`: it came to nothing (a first subscription whose payment failed)."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"


class InvoicePurpose(StrEnum):
    """What the invoice was issued for; decides what happens when its payment succeeds or fails."""

    FIRST_SUBSCRIPTION = "first_subscription"
    PLAN_CHANGE = "plan_change"
    CYCLE = "cycle"


class LineKind(StrEnum):
    """What a line charges or takes off."""

    PLAN = "plan"
    UNUSED_TIME = "unused_time"
    USAGE_FEE = "usage_fee"


class Invoice(Base):
    """A numbered invoice. Its lines, total and number never change; only how much of it is paid does.

    Cents: `total` = the sum of the lines; `credit_applied` was paid by the balance, `charged` by a payment method.
    `plan_owner_id`, `plan_code` name the plan that a first subscription is to start.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        ForeignKeyConstraint(["plan_owner_id", "plan_code"], ["plans.account_id", "plans.code"]),
        UniqueConstraint("account_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("status IN ('open', 'paid', 'void')", name="status"),
        CheckConstraint("purpose IN ('first_subscription', 'plan_change', 'cycle')", name="purpose"),
        CheckConstraint("total >= 0 AND credit_applied >= 0 AND charged >= 0", name="amounts"),
        CheckConstraint("credit_applied + charged <= total", name="not_overpaid"),
        CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name="paid_at"),
        CheckConstraint("status <> 'paid' OR credit_applied + charged = total", name="paid_in_full"),
        CheckConstraint("(status = 'void') = (voided_at IS NOT NULL)", name="voided_at"),
        CheckConstraint("status <> 'void' OR charged = 0", name="void_is_uncharged"),
        Index(
            "ix_invoices_next_attempt_at",
            "next_attempt_at",
            postgresql_where=text("status = 'open' AND next_attempt_at IS NOT NULL"),
        ),
        Index("ix_invoices_open", "account_id", "id", postgresql_where=text("status = 'open'")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(32))
    plan_owner_id: Mapped[UUID | None]
    plan_code: Mapped[str | None] = mapped_column(String(64))
    total: Mapped[int] = mapped_column(BigInteger)
    credit_applied: Mapped[int] = mapped_column(BigInteger, default=0)
    charged: Mapped[int] = mapped_column(BigInteger, default=0)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    overdue_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lines: Mapped[list["InvoiceLine"]] = relationship(lazy="raise", order_by="InvoiceLine.position", viewonly=True)

    @property
    def amount_due(self) -> int:
        """What a payment method is to pay, or has paid: the total less what the balance paid."""
        return self.total - self.credit_applied

    @property
    def amount_remaining(self) -> int:
        """What is still to be paid."""
        return self.total - self.credit_applied - self.charged if self.status == InvoiceStatus.OPEN else 0


class InvoiceSettlement(Base):
    """An operator's word that an invoice's rest was paid outside (a bank transfer), in cents. Rows are only ever added."""

    __tablename__ = "invoice_settlements"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "invoice_id"], ["invoices.account_id", "invoices.id"]),
        CheckConstraint("amount > 0", name="amount"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(500))
    settled_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InvoiceLine(Base):
    """One line, in cents; negative where unused time is taken off."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "invoice_id"], ["invoices.account_id", "invoices.id"]),
        ForeignKeyConstraint(["account_id", "usage_item_id"], ["usage_items.account_id", "usage_items.id"]),
        UniqueConstraint("account_id", "usage_item_id"),
        CheckConstraint("kind IN ('plan', 'unused_time', 'usage_fee')", name="kind"),
        CheckConstraint("(kind = 'unused_time' AND amount <= 0) OR (kind <> 'unused_time' AND amount >= 0)", name="sign"),
        CheckConstraint("(kind = 'usage_fee') = (usage_item_id IS NOT NULL)", name="usage_item"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    invoice_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int] = mapped_column(BigInteger)
    period_start: Mapped[datetime] = mapped_column(UtcDateTime)
    period_end: Mapped[datetime] = mapped_column(UtcDateTime)
    usage_item_id: Mapped[UUID | None]
