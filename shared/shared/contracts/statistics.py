"""What became of a batch's codes, or of a project's: for creators, and for the bot that shows it to them."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.base import UtcDatetime, WireModel


class DayCount(WireModel):
    """Redemptions of one day, UTC."""

    date: date
    redeemed: int = Field(ge=0, examples=[4])


class CodeStatistics(WireModel):
    """Totals are of all time; `redemptions_per_day` is of the window, a row a day, also for days without any."""

    model_config = ConfigDict(populate_by_name=True)

    project_id: UUID
    project_name: str = Field(examples=["Northwind Club"])
    batch_id: UUID | None = Field(description="Null: all batches of the project.")
    batch_name: str | None = Field(
        description="The batch's label, or its quantity and plan if it has none.", examples=["Spring giveaway"]
    )
    generated: int = Field(description="Codes that were ever generated.", examples=[200])
    delivered: int = Field(description="Codes that have been sent to your chat.", examples=[200])
    unredeemed: int = Field(description="Codes that can still be redeemed.", examples=[150])
    redeemed: int = Field(examples=[42])
    expired: int = Field(description="Codes that ended unredeemed, whether they are still listed or not.", examples=[5])
    revoked: int = Field(examples=[3])
    first_redeemed_at: UtcDatetime | None
    last_redeemed_at: UtcDatetime | None
    first_day: date = Field(alias="from", description="The window's first day, UTC.", examples=["2026-12-01"])
    last_day: date = Field(alias="to", description="The window's last day, UTC.", examples=["2026-12-30"])
    redemptions_per_day: list[DayCount]
