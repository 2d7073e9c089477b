"""The local copy of what billing-api says an account may do, and what is counted against it here."""

from datetime import datetime
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from codes_api.base import Base


class Tenant(Base):
    """An account as codes-api knows it. `version` is the snapshot's; an older one never overwrites a newer.

    `lifetime_used` counts the lifetime memberships of the account's whole life (`rules.md` M4): it never goes down.
    """

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("lifetime_used >= 0", name="lifetime_used"),
        CheckConstraint("version >= 1", name="version"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    plan: Mapped[str] = mapped_column(String(64))
    standing: Mapped[str] = mapped_column(String(16))
    branding: Mapped[str] = mapped_column(String(16))
    projects_limit: Mapped[int | None]
    lifetime_limit: Mapped[int | None]
    lifetime_used: Mapped[int] = mapped_column(default=0, server_default="0")
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
