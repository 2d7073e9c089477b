"""Usage items: fees that became real and wait for an invoice."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class UsageItem(Base):
    """The overage fee of one batch (`rules.md` Q4), in cents, at the rate of that moment (B6). Never changed.

    `invoice_id` null: pending, to be invoiced at the cycle's next turn.
    """

    __tablename__ = "usage_items"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "batch_id"], ["quota_reservations.account_id", "quota_reservations.batch_id"]),
        ForeignKeyConstraint(["account_id", "invoice_id"], ["invoices.account_id", "invoices.id"]),
        UniqueConstraint("account_id", "batch_id"),
        CheckConstraint("amount > 0 AND quantity > 0", name="amount"),
        Index("ix_usage_items_pending", "account_id", "id", postgresql_where=text("invoice_id IS NULL")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID]
    quantity: Mapped[int]
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    amount: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    invoice_id: Mapped[UUID | None]
