"""Sales that creators made and what the platform's fee for them is (`rules.md` B6, B13). billing-api answers."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

_MOMENT = "2026-01-31T10:00:00Z"


def _over_nothing(amount: Money) -> Money:
    if amount.amount <= 0:
        msg = "A sale is over 0: there are no refunds."
        raise ValueError(msg)
    return amount


class ReportSale(WireModel):
    """A sale. Keyed by `account_id` and `external_id`: saying the same again changes nothing and gives the same answer."""

    account_id: UUID = Field(examples=["0199b6a0-5e3c-7b90-a1f2-3c4d5e6f7a8b"])
    external_id: str = Field(
        pattern=r"^[!-~]{1,100}$", description="The reporter's own name of the sale.", examples=["order-2026-0001"]
    )
    amount: Annotated[Money, AfterValidator(_over_nothing)] = Field(
        description="What the member paid, in any currency that has an exchange rate.", examples=[usd(2_500)]
    )
    occurred_at: UtcDatetime = Field(
        description="When it was made: the fee rate of that moment holds. Not in the future.", examples=[_MOMENT]
    )
    via: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,31}$",
        description="What it was paid through. `stripe_connect`: the fee is withheld there, and none is owed here.",
        examples=["paypal"],
    )


class SaleReceipt(WireModel):
    """A sale as it was written down, and its fee."""

    id: UUID = Field(examples=["0199b6a0-61c2-7a66-8417-8c9d0e1f2a3b"])
    account_id: UUID = Field(examples=["0199b6a0-5e3c-7b90-a1f2-3c4d5e6f7a8b"])
    external_id: str = Field(examples=["order-2026-0001"])
    amount: Money = Field(examples=[usd(2_500)])
    occurred_at: UtcDatetime = Field(examples=[_MOMENT])
    via: str = Field(examples=["paypal"])
    fee_rate: str = Field(description="The plan's rate at that moment, a fraction of 1.", examples=["0.03"])
    fee: Money = Field(description="Owed at the next turn of the cycle, in USD.", examples=[usd(75)])
    reported_at: UtcDatetime = Field(examples=[_MOMENT])
