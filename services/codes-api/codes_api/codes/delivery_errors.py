"""Why a batch can't be delivered by this caller now. Internal: bot-gateway acts on the codes."""

from http import HTTPStatus

from shared.errors import AppError


class DeliveryLeasedError(AppError):
    """Another delivery of this batch is under way. Retry-After: real seconds until its lease runs out."""

    status = HTTPStatus.CONFLICT
    code = "delivery_leased"
    title = "The batch is being delivered by somebody else"

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, extensions={"retry_after": retry_after})


class DeliveryWaitingError(AppError):
    """Not generated, not billed, or no chat of the creator is known."""

    status = HTTPStatus.CONFLICT
    code = "delivery_waiting"
    title = "The batch waits"


class DeliveryDoneError(AppError):
    """Nothing is left to send."""

    status = HTTPStatus.CONFLICT
    code = "delivery_done"
    title = "The batch is delivered"


class DeliveryLeaseLostError(AppError):
    """The lease ran out and somebody else delivers now, or it was given back."""

    status = HTTPStatus.CONFLICT
    code = "delivery_lease_lost"
    title = "The lease of this delivery is over"
