"""What an account may not do now."""

from http import HTTPStatus

from shared.errors import AppError


class AccountLockedError(AppError):
    """`rules.md` D3, C9: no generation and no redemption while something is overdue for more than 30 days."""

    status = HTTPStatus.FORBIDDEN
    code = "account_locked"
    title = "The account is locked until its open invoices are paid"
