"""Payment methods."""

from uuid import UUID

from pydantic import Field
from shared.contracts.base import UtcDatetime, WireModel

from billing_api.api.schemas.accounts import MOMENT
from billing_api.payments.models import PaymentMethod


class AddPaymentMethod(WireModel):
    """A token of the payment processor."""

    token: str = Field(
        min_length=1,
        max_length=200,
        description="A payment method's id at Stripe (`pm_...`). "
        "In the sandbox: `pm_card_visa`, `pm_card_chargeDeclined`, `pm_card_declineAfterFirst`, `pm_card_outage`.",
        examples=["pm_card_visa"],
    )


class PaymentMethodOut(WireModel):
    """A card."""

    id: UUID = Field(examples=["0199b6a0-5f01-7a11-8c22-1d2e3f4a5b6c"])
    brand: str = Field(examples=["visa"])
    last_four: str = Field(examples=["4242"])
    is_default: bool = Field(description="The one that is charged.", examples=[True])
    created_at: UtcDatetime = Field(examples=[MOMENT])


def show_method(method: PaymentMethod) -> PaymentMethodOut:
    """A payment method."""
    return PaymentMethodOut.model_validate(method)
