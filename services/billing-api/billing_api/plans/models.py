"""Platform plans and exchange rates."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from shared.contracts.accounts import Branding, Limits
from shared.db import UtcDateTime
from sqlalchemy import BigInteger, CheckConstraint, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from billing_api.base import Base

CATALOG_OWNER = UUID(int=0)
"""Stands where a custom plan has its account: the plan is everybody's."""

FREE = "free"


class Interval(StrEnum):
    """How long a plan's period is."""

    MONTH = "month"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Calendar months of one period."""
        return 12 if self is Interval.YEAR else 1


class Plan(Base):
    """A plan of the catalog, or one that operators made for one account. Never changed once made (`rules.md` B1).

    `price` in cents a period; a limit of null is unlimited; `fee_rate` 0.03 is 3%.
    """

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("tier >= 0", name="tier"),
        CheckConstraint("fee_rate >= 0 AND fee_rate <= 1", name="fee_rate"),
        CheckConstraint("\"interval\" IN ('month', 'year')", name="interval"),
        CheckConstraint("branding IN ('everywhere', 'portal_only', 'nowhere')", name="branding"),
        CheckConstraint("limit_projects >= 0 AND limit_lifetime_memberships >= 0 AND limit_codes >= 0", name="limits"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    tier: Mapped[int]
    interval: Mapped[str] = mapped_column(String(8))
    price: Mapped[int] = mapped_column(BigInteger)
    limit_projects: Mapped[int | None]
    limit_lifetime_memberships: Mapped[int | None]
    limit_codes: Mapped[int | None]
    fee_rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    branding: Mapped[str] = mapped_column(String(16))
    referral_program: Mapped[bool]

    @property
    def period(self) -> Interval:
        """The interval as its own type."""
        return Interval(self.interval)

    @property
    def limits(self) -> Limits:
        """The limits as they travel."""
        return Limits(projects=self.limit_projects, lifetime_memberships=self.limit_lifetime_memberships, codes=self.limit_codes)

    @property
    def shown_branding(self) -> Branding:
        """The branding as its own type."""
        return Branding(self.branding)

    @property
    def is_free(self) -> bool:
        """Whether this is the plan that accounts start on and fall back to."""
        return self.account_id == CATALOG_OWNER and self.code == FREE


class ExchangeRate(Base):
    """What one unit (not minor unit) of a currency is worth in USD, as operators set it (`rules.md` Q2)."""

    __tablename__ = "exchange_rates"
    __table_args__ = (CheckConstraint("usd > 0", name="usd"),)

    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    usd: Mapped[Decimal] = mapped_column(Numeric(24, 12))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
