"""The plan catalog (`rules.md` B1), as the first migration writes it; a test holds the two together. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True)
class CatalogPlan:
    """One plan that everybody can choose. `price` in cents a period; limits of None are unlimited."""

    code: str
    name: str
    tier: int
    interval: str
    price: int
    limit_projects: int | None
    limit_lifetime_memberships: int | None
    limit_codes: int | None
    fee_rate: Decimal
    branding: str
    referral_program: bool


CATALOG: Final = (
    CatalogPlan("free", "Free", 0, "month", 0, 3, 5_000, 5, Decimal("0.10"), "everywhere", referral_program=False),
    CatalogPlan(
        "starter_monthly", "Starter", 1, "month", 3_900, 10, 20_000, 200, Decimal("0.03"), "portal_only", referral_program=True
    ),
    CatalogPlan(
        "starter_yearly", "Starter", 1, "year", 39_000, 12, 24_000, 2_600, Decimal("0.03"), "portal_only", referral_program=True
    ),
    CatalogPlan("growth_monthly", "Growth", 2, "month", 8_900, 20, None, 500, Decimal("0.01"), "nowhere", referral_program=True),
    CatalogPlan("growth_yearly", "Growth", 2, "year", 89_000, 25, None, 6_500, Decimal("0.01"), "nowhere", referral_program=True),
)
