"""Refusals around memberships."""

from http import HTTPStatus

from shared.errors import AppError


class MembershipEndedError(AppError):
    """Its time is over: there is nothing to cancel."""

    status = HTTPStatus.CONFLICT
    code = "membership_ended"
    title = "The membership has ended"
