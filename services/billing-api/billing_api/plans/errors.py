"""What can be wrong with platform plans and exchange rates."""

from http import HTTPStatus

from shared.errors import AppError, FieldError


class PlanUnknownError(FieldError):
    """The account can't choose this plan: there is none of that code, or it is another's."""

    code = "plan_unknown"
    title = "There is no such plan"

    def __init__(self) -> None:
        super().__init__("plan", "There is no such plan. GET /v1/plans lists those you can choose.")


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
