"""What can be wrong with reported sales."""

from http import HTTPStatus

from shared.errors import AppError


class SaleMismatchError(AppError):
    """A sale with this external id was reported with other content; what was reported first holds."""

    status = HTTPStatus.CONFLICT
    code = "sale_mismatch"
    title = "This sale was reported before with other content"
