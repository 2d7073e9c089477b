"""Due work that failed and waits before it is tried again."""

from datetime import datetime
from uuid import UUID

from shared.db import UtcDateTime
from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class DueBackoff(Base):
    """One item of due work whose handling raised an error `failures` times in a row; it is tried again at `until`."""

    __tablename__ = "due_backoffs"
    __table_args__ = (CheckConstraint("failures >= 1", name="failures"), Index("ix_due_backoffs_until", "until"))

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    failures: Mapped[int]
    until: Mapped[datetime] = mapped_column(UtcDateTime)
