"""What operators take and give."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, RootModel, StringConstraints, model_validator
from shared.contracts.base import UtcDatetime, WireModel

from billing_api.sandbox.clock import MAX_JUMP_S

_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,12})?$")]


class ExchangeRates(RootModel[dict[_Currency, _Rate]]):
    """USD for one unit of each currency, as decimal strings. Currencies that are not named keep their rate."""

    model_config = {"json_schema_extra": {"examples": [{"EUR": "1.0834", "JPY": "0.0065"}]}}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if "USD" in self.root:
            msg = "USD is worth 1 USD; it takes no rate."
            raise ValueError(msg)
        for currency, rate in self.root.items():
            if Decimal(rate) <= 0:
                msg = f"The rate of {currency} must be over 0."
                raise ValueError(msg)
        return self

    def decimals(self) -> dict[str, Decimal]:
        """The rates as numbers."""
        return {currency: Decimal(rate) for currency, rate in self.root.items()}


class FindingOut(WireModel):
    """One money invariant."""

    name: str = Field(examples=["invoice_total_is_sum_of_lines"])
    checked: int = Field(description="Rows that were looked at.", examples=[120])
    violations: int = Field(description="Rows that break it; anything but 0 is an incident.", examples=[0])


class AuditOut(WireModel):
    """All money invariants."""

    data: list[FindingOut]


class SettleInvoice(WireModel):
    """Why an invoice counts as paid."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$")] = Field(
        examples=["Bank transfer of 2026-03-02, reference 4711"]
    )


class AdvanceClock(WireModel):
    """Where the sandbox clock is to go: exactly one of the two."""

    to: UtcDatetime | None = Field(
        default=None, description="RFC 3339, not in the past, at most a century on.", examples=["2026-03-01T00:00:00Z"]
    )
    seconds: int | None = Field(default=None, strict=True, le=MAX_JUMP_S, description="So many seconds on.", examples=[86400])

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.to is None) == (self.seconds is None):
            msg = "Send either `to` or `seconds`."
            raise ValueError(msg)
        return self
