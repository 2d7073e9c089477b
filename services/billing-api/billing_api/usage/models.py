"""Sales that were reported, fees that became real and wait for an invoice, and which fee rate held when."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_api.base import Base

STRIPE_CONNECT: Final = "stripe_connect"
"""Sales through it have their fee withheld there (`rules.md` B13)."""


class UsageKind(StrEnum):
    """What a fee is for."""

    ACCESS_CODES = "access_codes"
    SALE = "sale"


class FeeRate(Base):
    """The transaction fee of the plan that an account is on from `since` until its next row (`rules.md` B6)."""

    __tablename__ = "fee_rates"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        CheckConstraint("fee_rate >= 0 AND fee_rate <= 1", name="fee_rate"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    plan_code: Mapped[str] = mapped_column(String(64))
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))


class Sale(Base):
    """A sale of a creator's, as it was reported. Rows are only ever added.

    `amount` in minor units of `currency`; `fee` in US cents, by `fee_rate` and `usd_per_unit` (USD for one whole unit); the
    latter is null where none was needed: the fee is withheld elsewhere.
    """

    __tablename__ = "sales"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        UniqueConstraint("account_id", "external_id"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("fee >= 0", name="fee"),
        CheckConstraint(f"via <> '{STRIPE_CONNECT}' OR fee = 0", name="withheld"),
        CheckConstraint(f"(via = '{STRIPE_CONNECT}') = (usd_per_unit IS NULL)", name="usd_per_unit"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(String(100))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    via: Mapped[str] = mapped_column(String(32))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    usd_per_unit: Mapped[Decimal | None] = mapped_column(Numeric(24, 12))
    fee: Mapped[int] = mapped_column(BigInteger)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageItem(Base):
    """The overage fee of one batch (`rules.md` Q4) or the fee of one sale, in cents, at the rate of its moment (B6). Never
    changed.

    `quantity`: how many codes beyond the quota, null for a sale. `invoice_id` null: pending, to be invoiced at the cycle's
    next turn.
    """

    __tablename__ = "usage_items"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "batch_id"], ["quota_reservations.account_id", "quota_reservations.batch_id"]),
        ForeignKeyConstraint(["account_id", "sale_id"], ["sales.account_id", "sales.id"]),
        ForeignKeyConstraint(["account_id", "invoice_id"], ["invoices.account_id", "invoices.id"]),
        UniqueConstraint("account_id", "batch_id"),
        UniqueConstraint("account_id", "sale_id"),
        CheckConstraint("amount > 0 AND quantity > 0", name="amount"),
        CheckConstraint("num_nonnulls(batch_id, sale_id) = 1 AND (batch_id IS NULL) = (quantity IS NULL)", name="kind"),
        Index("ix_usage_items_pending", "account_id", "id", postgresql_where=text("invoice_id IS NULL")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID | None]
    sale_id: Mapped[UUID | None]
    quantity: Mapped[int | None]
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    amount: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    invoice_id: Mapped[UUID | None]

    sale: Mapped[Sale | None] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(UsageItem.account_id == foreign(Sale.account_id), UsageItem.sale_id == foreign(Sale.id))",
        uselist=False,
    )

    @property
    def kind(self) -> UsageKind:
        """What it is for."""
        return UsageKind.ACCESS_CODES if self.sale_id is None else UsageKind.SALE
