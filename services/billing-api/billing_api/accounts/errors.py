"""What can be wrong with accounts and their keys."""

from http import HTTPStatus

from shared.errors import AppError


class LastApiKeyError(AppError):
    """Deleting it would lock the creator out: nothing but a key makes keys."""

    status = HTTPStatus.CONFLICT
    code = "last_api_key"
    title = "The only API key can't be deleted"


class AccountLockedError(AppError):
    """The account's standing forbids this until what is open is paid (`rules.md` D3)."""

    status = HTTPStatus.FORBIDDEN
    code = "account_locked"
    title = "The account is locked until its overdue invoices are paid"
