"""What can be wrong with payment methods and payments."""

from http import HTTPStatus

from shared.errors import AppError, FieldError


class PaymentMethodInvalidError(FieldError):
    """The processor does not know this token."""

    code = "payment_method_invalid"
    title = "The payment method is not valid"

    def __init__(self) -> None:
        super().__init__("token", "The payment processor does not know this token.")


class SignatureInvalidError(AppError):
    """An event that the processor did not sign, or signed too long ago."""

    status = HTTPStatus.BAD_REQUEST
    code = "signature_invalid"
    title = "The signature is not valid"


class PaymentMethodRequiredError(AppError):
    """There is nothing that could pay."""

    status = HTTPStatus.PAYMENT_REQUIRED
    code = "payment_method_required"
    title = "A payment method is required"


class PaymentFailedError(AppError):
    """The payment was declined, and nothing changed (`rules.md` B8)."""

    status = HTTPStatus.PAYMENT_REQUIRED
    code = "payment_failed"
    title = "The payment failed"


class PaymentUnansweredError(AppError):
    """The processor gave no answer. That is no decline: it is asked what became of it before anything is charged again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "payment_unanswered"
    title = "The payment processor did not answer"

    def __init__(self) -> None:
        super().__init__(
            "The payment processor did not answer, so nothing is changed yet. Nothing is charged twice: before another "
            "try it is asked what became of this one. Try again in 5 seconds.",
            headers={"Retry-After": "5"},
        )


class OnlyPaymentMethodError(AppError):
    """It pays for a running subscription or an open amount (`rules.md` B12)."""

    status = HTTPStatus.CONFLICT
    code = "only_payment_method"
    title = "The only payment method can't be removed"


class PaymentInProgressError(AppError):
    """The invoice is being charged at this moment; two charges at once are never tried."""

    status = HTTPStatus.CONFLICT
    code = "payment_in_progress"
    title = "The invoice is being charged right now"

    def __init__(self) -> None:
        super().__init__("Another payment of this invoice is under way.", headers={"Retry-After": "2"})
