"""Projects and the bots they speak through."""

from datetime import datetime
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from codes_api.base import Base


class Project(Base):
    """One community of a creator. Archived projects keep their history and count against no limit.

    `has_imports`: there are, or were, codes of another form than `rules.md` C1.
    """

    __tablename__ = "projects"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["tenants.account_id"]),
        Index("ix_projects_active", "account_id", "id", postgresql_where=text("archived_at IS NULL")),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    access_codes_enabled: Mapped[bool] = mapped_column(default=False, server_default="false")
    has_imports: Mapped[bool] = mapped_column(default=False, server_default="false")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Bot(Base):
    """A connected bot. Keyed by Telegram's own id, because that is all an update names: a global directory.

    One project has at most one bot, and one bot serves at most one project. `owner_link_hash` is the SHA-256 of the
    one-time token in the owner link. A used link is kept: the chat that used it may tap it again, no other can.
    """

    __tablename__ = "bots"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "project_id"], ["projects.account_id", "projects.id"]),
        UniqueConstraint("account_id", "project_id"),
        CheckConstraint("bot_id > 0", name="bot_id"),
        CheckConstraint("octet_length(owner_link_hash) = 32", name="owner_link_hash"),
        CheckConstraint("NOT owner_link_used OR owner_chat_id IS NOT NULL", name="owner_link_used"),
    )

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[UUID]
    project_id: Mapped[UUID]
    username: Mapped[str] = mapped_column(String(64))
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    webhook_secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    owner_link_hash: Mapped[bytes] = mapped_column(LargeBinary)
    owner_link_used: Mapped[bool] = mapped_column(default=False, server_default="false")
    owner_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    connected_at: Mapped[datetime] = mapped_column(UtcDateTime)
