"""Accounts, their API keys, the directory that leads to them from a key, and how their standing went."""

from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class Account(Base):
    """A creator. Its row is the lock under which all of the account's money and quota is decided.

    `credit_balance` is the sum of the ledger in cents (`rules.md` B11); `invoices_issued` and `credit_entries` are the
    last numbers given, so that numbering has no gaps; `entitlements_version` grows with each change of what it may do.
    `standing` holds since `standing_since` (null: since the opening), and gets worse at `next_standing_at` if nothing is paid.
    Several accounts may share an e-mail address: nobody has verified it. Of a deleted account it is empty, like the name.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("credit_balance >= 0", name="credit_balance"),
        CheckConstraint("entitlements_version >= 1", name="entitlements_version"),
        CheckConstraint("standing IN ('active', 'grace', 'locked', 'suspended', 'deletable', 'deleted')", name="standing"),
        Index("ix_accounts_email", text("lower(email)")),
        Index(
            "ix_accounts_next_standing_at",
            "next_standing_at",
            postgresql_where=text("next_standing_at IS NOT NULL AND standing <> 'deletable'"),
        ),
        Index("ix_accounts_deletable", "next_standing_at", postgresql_where=text("standing = 'deletable'")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(100))
    standing: Mapped[str] = mapped_column(String(16), default=Standing.ACTIVE)
    standing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_standing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    standing_changes: Mapped[int] = mapped_column(default=0, server_default="0")
    credit_balance: Mapped[int] = mapped_column(BigInteger, default=0)
    credit_entries: Mapped[int] = mapped_column(default=0)
    invoices_issued: Mapped[int] = mapped_column(default=0)
    entitlements_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StandingChange(Base):
    """One step of an account's standing (`rules.md` D5). Rows are only ever added; `event_id` is what it was told by."""

    __tablename__ = "standing_changes"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),
        UniqueConstraint("account_id", "event_id"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("before <> after", name="step"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    event_id: Mapped[UUID]


class ApiKey(Base):
    """A creator's key. Only its SHA-256 is kept; the last four characters help people to tell keys apart."""

    __tablename__ = "api_keys"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["accounts.account_id"]),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKeyDirectory(Base):
    """From the public part of a key, which a request carries, to its account."""

    __tablename__ = "api_key_directory"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "api_key_id"], ["api_keys.account_id", "api_keys.id"], ondelete="CASCADE"),
        Index("ix_api_key_directory_account_id_api_key_id", "account_id", "api_key_id"),
    )

    public_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_id: Mapped[UUID]
    api_key_id: Mapped[UUID]
