"""Refusals around membership plans."""

from http import HTTPStatus

from shared.errors import AppError


class PlanInactiveError(AppError):
    """`rules.md` C9: codes are generated for active plans only. Codes of a plan made inactive later still work (M3)."""

    status = HTTPStatus.CONFLICT
    code = "plan_inactive"
    title = "The membership plan is not active"
