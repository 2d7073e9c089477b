"""Refusals of generation and of its quote (`contract.md`, Refusals of generation)."""

from http import HTTPStatus
from types import MappingProxyType

from shared.contracts.quota import MAX_BATCH
from shared.errors import AppError, FieldError


class ConsentRequiredError(FieldError):
    """`spec/access-codes.txt`: the creator confirms that the codes are meant to be handed out."""

    code = "consent_required"
    title = "Consent is required"

    def __init__(self) -> None:
        super().__init__("consent", "Confirm with `consent: true` that you generate codes which you intend to distribute.")


class QuantityOutOfRangeError(FieldError):
    """`rules.md` C9."""

    code = "quantity_out_of_range"
    title = "The quantity is out of range"

    def __init__(self) -> None:
        super().__init__("quantity", f"A batch has 1 to {MAX_BATCH} codes.")


class BotNotConnectedError(AppError):
    """Codes are redeemed in the project's bot, so there has to be one."""

    status = HTTPStatus.CONFLICT
    code = "bot_not_connected"
    title = "No bot is connected to the project"


class AccessCodesDisabledError(AppError):
    """The payment method is off in this project."""

    status = HTTPStatus.CONFLICT
    code = "access_codes_disabled"
    title = "Access codes are not enabled as a payment method"


class FeeNotAcceptedError(AppError):
    """`rules.md` Q3. Raised by billing-api and passed on with the fresh `quote`; here for the docs."""

    status = HTTPStatus.CONFLICT
    code = "fee_not_accepted"
    title = "The fee was not accepted"
    shown = MappingProxyType({"quote": {"included": 153, "overage": 47, "fee": {"amount": 141, "currency": "USD"}}})


class PaymentMethodRequiredError(AppError):
    """`rules.md` Q3. Raised by billing-api and passed on; here for the docs."""

    status = HTTPStatus.PAYMENT_REQUIRED
    code = "payment_method_required"
    title = "A fee needs a payment method or enough credit"


class ExchangeRateMissingError(AppError):
    """`rules.md` Q2. Raised by billing-api and passed on; here for the docs."""

    status = HTTPStatus.CONFLICT
    code = "exchange_rate_missing"
    title = "There is no exchange rate for the plan's currency"
