"""The sandbox clock's advance. Where the clock stands is in its file (`shared.clock`); where it goes, here."""

from datetime import datetime

from shared.db import UtcDateTime
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base


class SandboxClockRow(Base):
    """One row. `target` null: the clock is ready."""

    __tablename__ = "sandbox_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    target: Mapped[datetime | None] = mapped_column(UtcDateTime)
