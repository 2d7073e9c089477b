"""What can be wrong with platform plans and exchange rates."""

from http import HTTPStatus

from shared.errors import AppError


class PlanUnknownError(AppError):
    """The account can't choose this plan: there is none of that code, or it is another's, which does not exist for this one."""

    status = HTTPStatus.NOT_FOUND
    code = "plan_unknown"
    title = "There is no such plan"

    def __init__(self) -> None:
        super().__init__("There is no such plan. GET /v1/plans lists those you can choose.")


class PlanCodeTakenError(AppError):
    """The catalog or the account has a plan of this code."""

    status = HTTPStatus.CONFLICT
    code = "plan_code_taken"
    title = "There is a plan with this code already"


class ExchangeRateMissingError(AppError):
    """Operators have set no rate for this currency (`rules.md` Q2)."""

    status = HTTPStatus.CONFLICT
    code = "exchange_rate_missing"
    title = "There is no exchange rate for this currency"
