"""The private chats that a project names, and the links made for its members."""

from datetime import datetime
from uuid import UUID

from shared.contracts.chats import MAX_TITLE
from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codes_api.base import Base


class ProjectChat(Base):
    """A supergroup or channel that the project's members may be in (`rules.md` T5).

    `trouble_since`: the bot's rights were missing there at that moment, and its creator was told. What goes well again, or
    naming the chat again, clears it.
    """

    __tablename__ = "project_chats"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "project_id"], ["projects.account_id", "projects.id"]),
        # A member of one project must not be thrown out by the end of a membership in another.
        UniqueConstraint("account_id", "chat_id"),
        CheckConstraint("chat_id < 0", name="chat_id"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    named_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trouble_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChatInvite(Base):
    """The one link into a chat that counts for a member. Whoever makes another revokes this one."""

    __tablename__ = "chat_invites"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "project_id", "chat_id"],
            ["project_chats.account_id", "project_chats.project_id", "project_chats.chat_id"],
            ondelete="CASCADE",
        ),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    link: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
