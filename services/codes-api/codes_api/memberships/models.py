"""What a creator sells (`MembershipPlan`) and what a member has (`Membership`)."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from codes_api.base import Base

UNREMINDED: Final = (
    "status = 'active' AND ends_at IS NOT NULL AND ends_at - starts_at > '1 day'::interval "
    "AND (reminded_for IS NULL OR reminded_for < ends_at)"
)
"""Memberships whose member is still to be reminded of their end. Written once, so that a query can be seen to fit the index
over them."""


class IntervalUnit(StrEnum):
    """The unit of a plan's period (`rules.md` M1)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    LIFETIME = "lifetime"


class MembershipStatus(StrEnum):
    """`active` rows whose `ends_at` has passed are shown as ended before the sweep marks them."""

    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"


class MembershipPlan(Base):
    """What a member gets: a name, a face price, a period. The period never changes; codes were sold for it."""

    __tablename__ = "membership_plans"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "project_id"], ["projects.account_id", "projects.id"]),
        CheckConstraint("price_amount >= 0", name="price_amount"),
        CheckConstraint("interval_unit IN ('day', 'week', 'month', 'year', 'lifetime')", name="interval_unit"),
        CheckConstraint("interval_count >= 1 AND (interval_unit <> 'lifetime' OR interval_count = 1)", name="interval_count"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    price_amount: Mapped[int] = mapped_column(BigInteger)
    price_currency: Mapped[str] = mapped_column(String(3))
    interval_unit: Mapped[str] = mapped_column(String(8))
    interval_count: Mapped[int]
    access_codes_only: Mapped[bool] = mapped_column(default=False, server_default="false")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """One member's time in one plan. Redeeming again extends it (`rules.md` M2): `periods` counts how many plan periods
    from `starts_at` it lasts, so that the start's day is kept (M1). `ends_at` null: lifetime. `code` is the last one.
    `reminded_for`: the end that its member was last reminded of (T5)."""

    __tablename__ = "memberships"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "plan_id"],
            ["membership_plans.account_id", "membership_plans.project_id", "membership_plans.id"],
        ),
        CheckConstraint("status IN ('active', 'ended', 'cancelled')", name="status"),
        CheckConstraint("periods >= 1", name="periods"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_at"),
        # One running membership a member and plan: what M2 extends. The guarded statement of redeem.py relies on it.
        Index(
            "uq_memberships_running",
            "account_id",
            "project_id",
            "plan_id",
            "telegram_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_memberships_member", "account_id", "project_id", "telegram_id"),
        Index("ix_memberships_unreminded", "ends_at", postgresql_where=text(UNREMINDED)),
        Index("ix_memberships_ends_at", "ends_at", postgresql_where=text("status = 'active' AND ends_at IS NOT NULL")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID]
    telegram_id: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(64))
    periods: Mapped[int] = mapped_column(default=1, server_default="1")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_for: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(9))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
