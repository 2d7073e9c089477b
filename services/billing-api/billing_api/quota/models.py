"""The quota: a counter a billing cycle, and what each batch took of it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts.quota import ReservationState
from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class QuotaCycle(Base):
    """One billing cycle of an account. `used` = codes set aside or generated - expired and deleted (`rules.md` Q1).

    `included` null: unlimited. `used` may exceed it: what is beyond was paid for (Q2).
    """

    __tablename__ = "quota_cycles"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        CheckConstraint("used >= 0", name="used"),
        CheckConstraint("included >= 0", name="included"),
        CheckConstraint("starts_at < ends_at", name="span"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    included: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)

    @property
    def remaining(self) -> int | None:
        """Codes that are still free; null: unlimited."""
        return None if self.included is None else max(0, self.included - self.used)


class QuotaReservation(Base):
    """What one batch takes: `included` codes free, `overage` codes for `fee` cents together.

    `lapsed` tells a reservation that ran out by itself from one that was given back. `expired`: how many of the batch's
    codes expired unredeemed and were deleted.
    """

    __tablename__ = "quota_reservations"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "cycle_start"], ["quota_cycles.account_id", "quota_cycles.starts_at"]),
        CheckConstraint("state IN ('reserved', 'confirmed', 'released')", name="state"),
        CheckConstraint("quantity > 0 AND included >= 0 AND overage >= 0 AND included + overage = quantity", name="split"),
        CheckConstraint("fee >= 0 AND (overage > 0 OR fee = 0)", name="fee"),
        CheckConstraint("expired >= 0 AND expired <= quantity", name="expired"),
        CheckConstraint("NOT lapsed OR state = 'released'", name="lapsed"),
        Index("ix_quota_reservations_lapses_at", "lapses_at", postgresql_where=text("state = 'reserved'")),
        Index("ix_quota_reservations_account_id_cycle_start", "account_id", "cycle_start"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    cycle_start: Mapped[datetime] = mapped_column(UtcDateTime)
    quantity: Mapped[int]
    included: Mapped[int]
    overage: Mapped[int]
    unit_amount: Mapped[int] = mapped_column(BigInteger)
    unit_currency: Mapped[str] = mapped_column(String(3))
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    fee: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), default=ReservationState.RESERVED)
    lapsed: Mapped[bool] = mapped_column(default=False)
    expired: Mapped[int] = mapped_column(default=0)
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
