"""The credit ledger."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class CreditReason(StrEnum):
    """Why the balance changed."""

    PLAN_CHANGE = "plan_change"
    """The unused part of a plan that was left (`rules.md` B3, B4)."""
    INVOICE_PAYMENT = "invoice_payment"
    """The balance paid an invoice, or a part of it (B10)."""
    INVOICE_VOIDED = "invoice_voided"
    """An invoice came to nothing; what the balance had paid of it is back."""
    LATE_PAYMENT = "late_payment"
    """A card paid an invoice that was settled otherwise by the time the processor said so."""
    OPERATOR_SETTLEMENT = "operator_settlement"
    """Paid outside, as an operator wrote down; the balance pays the invoice with it at once."""


class CreditEntry(Base):
    """One change of an account's balance, in cents. Rows are only ever added (`rules.md` B11); the balance never expires."""

    __tablename__ = "credit_entries"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        ForeignKeyConstraint(["account_id", "invoice_id"], ["invoices.account_id", "invoices.id"]),
        UniqueConstraint("account_id", "id"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint(
            "reason IN ('plan_change', 'invoice_payment', 'invoice_voided', 'late_payment', 'operator_settlement')", name="reason"
        ),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))
    invoice_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
