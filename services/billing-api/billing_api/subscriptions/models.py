"""The subscription: which plan an account is on, and its running period."""

from datetime import datetime
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class Subscription(Base):
    """One row an account, from its opening on (`rules.md` B2: everybody starts on `free`).

    `anchor` is what periods are counted from; `period_*` the running one; `next_turn_at` when invoices are next issued:
    the period's end, for annual plans also each month (B10). `period_invoice_id` is the running period's own invoice
    (B5). `pending_invoice_id` is the invoice of a first subscription whose payment is under way (B8).
    `expired_at`: when the last paid plan ended because it was cancelled (B9). `paused`: the account is restricted, nothing
    turns (D4); `restart_at`: it recovered then, after the period had lapsed, and the next period begins there.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        ForeignKeyConstraint(["plan_owner_id", "plan_code"], ["plans.account_id", "plans.code"]),
        ForeignKeyConstraint(["account_id", "period_invoice_id"], ["invoices.account_id", "invoices.id"]),
        ForeignKeyConstraint(["account_id", "pending_invoice_id"], ["invoices.account_id", "invoices.id"]),
        CheckConstraint("anchor <= period_start AND period_start < period_end", name="period"),
        CheckConstraint("period_start < next_turn_at AND next_turn_at <= period_end", name="turn"),
        CheckConstraint("plan_owner_id = account_id OR plan_owner_id = '00000000-0000-0000-0000-000000000000'", name="own_plan"),
        CheckConstraint("NOT paused OR restart_at IS NULL", name="restart"),
        Index("ix_subscriptions_next_turn_at", "next_turn_at", postgresql_where=text("NOT paused")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_owner_id: Mapped[UUID]
    plan_code: Mapped[str] = mapped_column(String(64))
    anchor: Mapped[datetime] = mapped_column(UtcDateTime)
    period_start: Mapped[datetime] = mapped_column(UtcDateTime)
    period_end: Mapped[datetime] = mapped_column(UtcDateTime)
    next_turn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    period_price: Mapped[int] = mapped_column(BigInteger)
    period_invoice_id: Mapped[UUID | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False)
    expired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pending_invoice_id: Mapped[UUID | None]
    paused: Mapped[bool] = mapped_column(default=False, server_default="false")
    restart_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
