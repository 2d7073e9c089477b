"""Usage."""

from uuid import UUID

from pydantic import Field
from shared.contracts.accounts import AccountUsage
from shared.contracts.base import UtcDatetime, WireModel
from shared.contracts.sales import ReportSale, SaleReceipt
from shared.money import Money, usd

from billing_api.api.schemas.accounts import MOMENT
from billing_api.api.schemas.plans import rate_text
from billing_api.usage.describe import describe
from billing_api.usage.models import Sale, UsageItem, UsageKind
from billing_api.usage.report_sale import ReportedSale
from billing_api.usage.summary import UsageSummary


class CodesUsage(WireModel):
    """The quota of access codes in the running cycle."""

    included: int | None = Field(description="Free codes a cycle; null: unlimited.", examples=[200])
    used: int = Field(description="Generated, less expired and deleted; what is beyond `included` was paid for.", examples=[203])
    remaining: int | None = Field(description="Still free; null: unlimited.", examples=[0])


class Counted(WireModel):
    """What is used of a limit."""

    used: int = Field(examples=[2])
    limit: int | None = Field(description="null: unlimited.", examples=[10])


class UsageOut(WireModel):
    """What an account uses of what its plan allows."""

    cycle_start: UtcDatetime = Field(examples=[MOMENT])
    cycle_end: UtcDatetime = Field(examples=["2026-02-28T10:00:00Z"])
    codes: CodesUsage
    pending_fees: Money = Field(description="Fees that the next invoice will carry.", examples=[usd(141)])
    projects: Counted
    lifetime_memberships: Counted


def show_usage(summary: UsageSummary, counted: AccountUsage) -> UsageOut:
    """Billing's part and what codes-api counted, together."""
    cycle, limits = summary.cycle, summary.plan.limits
    return UsageOut(
        cycle_start=cycle.starts_at,
        cycle_end=cycle.ends_at,
        codes=CodesUsage(included=cycle.included, used=cycle.used, remaining=cycle.remaining),
        pending_fees=usd(summary.pending_fees),
        projects=Counted(used=counted.projects, limit=limits.projects),
        lifetime_memberships=Counted(used=counted.lifetime_memberships, limit=limits.lifetime_memberships),
    )


class ItemSaleOut(WireModel):
    """The sale that a fee is for."""

    external_id: str = Field(description="The name it was reported by.", examples=["order-2026-0001"])
    amount: Money = Field(examples=[usd(2_500)])
    via: str = Field(description="What it was paid through.", examples=["paypal"])


class UsageItemOut(WireModel):
    """A fee. Its rate is that of its own moment and never changes."""

    id: UUID = Field(examples=["0199b6a0-61c2-7b77-9528-9d0e1f2a3b4c"])
    kind: UsageKind = Field(examples=[UsageKind.SALE])
    description: str = Field(
        description="As its line on the invoice says it.",
        examples=["Transaction fee of 3% on a sale of 25.00 USD (order-2026-0001)"],
    )
    amount: Money = Field(examples=[usd(75)])
    fee_rate: str = Field(description="A fraction of 1.", examples=["0.03"])
    batch_id: UUID | None = Field(description="The batch of codes beyond the quota; null for a sale.", examples=[None])
    quantity: int | None = Field(description="How many codes beyond the quota; null for a sale.", examples=[None])
    sale: ItemSaleOut | None = Field(description="null for a batch of codes.")
    occurred_at: UtcDatetime = Field(examples=[MOMENT])
    invoice_id: UUID | None = Field(description="null: waits for the next invoice.", examples=[None])


def show_item(item: UsageItem) -> UsageItemOut:
    """A fee with what it is for."""
    return UsageItemOut(
        id=item.id,
        kind=item.kind,
        description=describe(item),
        amount=usd(item.amount),
        fee_rate=rate_text(item.fee_rate),
        batch_id=item.batch_id,
        quantity=item.quantity,
        sale=None if item.sale is None else _sale_of(item.sale),
        occurred_at=item.occurred_at,
        invoice_id=item.invoice_id,
    )


def said_by(body: ReportSale) -> ReportedSale:
    """What a report says, without whose it is."""
    return ReportedSale(external_id=body.external_id, amount=body.amount, occurred_at=body.occurred_at, via=body.via)


def show_sale(sale: Sale) -> SaleReceipt:
    """A sale as it was written down."""
    return SaleReceipt(
        id=sale.id,
        account_id=sale.account_id,
        external_id=sale.external_id,
        amount=Money(amount=sale.amount, currency=sale.currency),
        occurred_at=sale.occurred_at,
        via=sale.via,
        fee_rate=rate_text(sale.fee_rate),
        fee=usd(sale.fee),
        reported_at=sale.reported_at,
    )


def _sale_of(sale: Sale) -> ItemSaleOut:
    return ItemSaleOut(external_id=sale.external_id, amount=Money(amount=sale.amount, currency=sale.currency), via=sale.via)
