"""Refusals of a sheet."""

from http import HTTPStatus

from shared.errors import AppError


class NothingToPrintError(AppError):
    """None of the batch's codes can be redeemed (any more, or yet)."""

    status = HTTPStatus.CONFLICT
    code = "nothing_to_print"
    title = "The batch has no code that can be redeemed"
