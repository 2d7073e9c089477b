"""Batches, access codes, what was delivered, what was refused.

A code's place is (batch, position): batch ids are UUIDs of version 7, so that order is newest batch first, and the
primary key is the index that lists read.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from codes_api.base import Base

CODE = String(64, collation="C")
"""16 symbols (`rules.md` C1), or in another form of up to 64 if it was imported.
Sorted by byte, so that the unique index also finds codes by how they begin."""

LAST_GROUP: Final = text('"right"(code, 4)')
"""Hashed, and of all tenants together: a million different ones keep a look-up short, and an entry is a quarter as large and
as dear to write as one that begins with the account and the project."""

UNFINISHED: Final = "status IN ('queued', 'generating') OR (status = 'ready' AND delivery <> 'delivered')"
"""Batches that need another step. Written once, so that a query can be seen to fit the index over them."""

UNSWEPT: Final = "swept_at IS NULL AND status = 'ready' AND expires_at IS NOT NULL"
"""Batches that the sweep has to look at when they expire. Written once, for the same reason."""

BURIED: Final = "swept_at IS NOT NULL AND forgotten_at IS NULL"
"""Swept batches whose tombstones are kept. Written once, for the same reason."""


class Batch(Base):
    """One request for codes, or one import. `included`, `overage` and the fee are what billing-api agreed to.

    `plan_id` and `expires_at` are every code's; the expiry is counted from the request. `swept_at`: since then those of its
    codes that are neither redeemed nor revoked are tombstones (docs/adr/0010); `forgotten_at`: when these were deleted.
    `progressed_at`, `leased_until` are real time, all other moments the domain's.
    """

    __tablename__ = "batches"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "plan_id"],
            ["membership_plans.account_id", "membership_plans.project_id", "membership_plans.id"],
        ),
        # Other services name a batch without its project.
        UniqueConstraint("account_id", "id"),
        CheckConstraint("quantity BETWEEN 1 AND 1000", name="quantity"),
        CheckConstraint("(expiry_preset = 'custom') = (expiry_days IS NOT NULL)", name="expiry_days"),
        CheckConstraint("(expiry_preset = 'no_expiry') = (expires_at IS NULL)", name="expires_at"),
        CheckConstraint("included + overage = quantity AND included >= 0 AND overage >= 0", name="split"),
        CheckConstraint("fee_amount >= 0", name="fee_amount"),
        CheckConstraint("status IN ('queued', 'generating', 'ready', 'failed')", name="status"),
        CheckConstraint("delivery IN ('waiting', 'sending', 'delivered')", name="delivery"),
        CheckConstraint("delivered BETWEEN 0 AND quantity", name="delivered"),
        CheckConstraint("(status = 'ready') = (generated_at IS NOT NULL)", name="generated_at"),
        CheckConstraint("billed_at IS NULL OR status = 'ready'", name="billed_at"),
        CheckConstraint("(delivery = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at"),
        CheckConstraint("delivery <> 'delivered' OR delivered = quantity", name="all_delivered"),
        Index(
            "ix_batches_unfinished",
            "progressed_at",
            postgresql_where=text(UNFINISHED),
        ),
        Index("ix_batches_plan", "account_id", "project_id", "plan_id", "id"),
        Index("ix_batches_unswept", "expires_at", postgresql_where=text(UNSWEPT)),
        Index("ix_batches_buried", "swept_at", postgresql_where=text(BURIED)),
        CheckConstraint("swept_at IS NULL OR (status = 'ready' AND swept_at >= expires_at)", name="swept_at"),
        CheckConstraint("forgotten_at IS NULL OR (swept_at IS NOT NULL AND forgotten_at >= swept_at)", name="forgotten_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID]
    quantity: Mapped[int]
    imported: Mapped[bool] = mapped_column(default=False, server_default="false")
    label: Mapped[str | None] = mapped_column(String(100))
    expiry_preset: Mapped[str] = mapped_column(String(16))
    expiry_days: Mapped[int | None]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    included: Mapped[int]
    overage: Mapped[int]
    fee_amount: Mapped[int] = mapped_column(BigInteger)
    fee_currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(10))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    generated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    billed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivery: Mapped[str] = mapped_column(String(9))
    delivered: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progressed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessCode(Base):
    """One code, or what an expired one left: its tombstone (`rules.md` C4), which is an open code of a batch that was swept,
    and counts nowhere. The generation time is the batch's."""

    __tablename__ = "access_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "batch_id"], ["batches.account_id", "batches.project_id", "batches.id"]
        ),
        # With the places in it: the ten thousand codes of ten million that begin with two symbols are put in order without
        # being looked at.
        UniqueConstraint("account_id", "project_id", "code", postgresql_include=["batch_id", "position"]),
        CheckConstraint("(redeemed_at IS NULL) = (redeemed_by IS NULL)", name="redeemed_by"),
        CheckConstraint("(redeemed_at IS NULL) = (membership_id IS NULL)", name="membership_id"),
        CheckConstraint("redeemed_at IS NULL OR revoked_at IS NULL", name="one_end"),
        # Lists of one status in the order of the primary key, however few have it. The sweep counts the first.
        Index(
            "ix_access_codes_open",
            "account_id",
            "project_id",
            "batch_id",
            "position",
            postgresql_where=text("redeemed_at IS NULL AND revoked_at IS NULL"),
        ),
        Index(
            "ix_access_codes_redeemed",
            "account_id",
            "project_id",
            "batch_id",
            "position",
            postgresql_where=text("redeemed_at IS NOT NULL"),
        ),
        Index(
            "ix_access_codes_revoked",
            "account_id",
            "project_id",
            "batch_id",
            "position",
            postgresql_where=text("revoked_at IS NOT NULL"),
        ),
        Index("ix_access_codes_last_group", LAST_GROUP, postgresql_using="hash"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(CODE)
    plan_id: Mapped[UUID]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    redeemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    redeemed_by: Mapped[int | None] = mapped_column(BigInteger)
    membership_id: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


OPEN: Final = (AccessCode.redeemed_at.is_(None), AccessCode.revoked_at.is_(None))
"""That nothing became of a code: it can be redeemed, has expired, or is a tombstone, which its batch says."""


class Delivery(Base):
    """Positions `first` to `last` of a batch went out, in one Telegram message if `message_id` says which."""

    __tablename__ = "deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "batch_id"], ["batches.account_id", "batches.project_id", "batches.id"]
        ),
        CheckConstraint("first >= 0 AND last >= first", name="positions"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    delivered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefusedAttempt(Base):
    """Somebody typed a code and was refused (`rules.md` C8). `typed` is cut; `code` is its canonical form if it has one."""

    __tablename__ = "refused_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "project_id"], ["projects.account_id", "projects.id"]),
        Index("ix_refused_attempts_code", "account_id", "project_id", "code", "id"),
        Index("ix_refused_attempts_attempted_at", "attempted_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger)
    typed: Mapped[str] = mapped_column(String(64))
    code: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(32))
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime)
