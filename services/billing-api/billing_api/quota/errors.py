"""Why quota is not set aside."""

from http import HTTPStatus

from shared.contracts.quota import QuotaQuote
from shared.errors import AppError
from shared.money import to_decimal_string


class FeeNotAcceptedError(AppError):
    """The batch costs a fee, and the request accepts none or another. `quote` is the fresh one (`rules.md` Q3)."""

    status = HTTPStatus.CONFLICT
    code = "fee_not_accepted"
    title = "The fee beyond the quota was not accepted"

    def __init__(self, quote: QuotaQuote) -> None:
        fee = f"{to_decimal_string(quote.fee.amount, 2)} {quote.fee.currency}"
        super().__init__(
            f"{quote.overage} codes are beyond the quota and cost {fee}: send `accept_fee` equal to it.",
            extensions={"quote": quote.model_dump(mode="json")},
        )


class BatchMismatchError(AppError):
    """The batch has a reservation with another quantity or price."""

    status = HTTPStatus.CONFLICT
    code = "batch_mismatch"
    title = "The batch has a reservation on other terms"


class ReservationFinalError(AppError):
    """The reservation has ended the other way."""

    status = HTTPStatus.CONFLICT
    code = "reservation_final"
    title = "The reservation has ended"


class ExpiryExceedsBatchError(AppError):
    """More codes are said to have expired than the batch had."""

    status = HTTPStatus.CONFLICT
    code = "expiry_exceeds_batch"
    title = "More codes expired than the batch had"
