"""What can be wrong with paying an invoice."""

from http import HTTPStatus

from shared.errors import AppError


class InvoiceNotOpenError(AppError):
    """It is paid or void: there is nothing to pay."""

    status = HTTPStatus.CONFLICT
    code = "invoice_not_open"
    title = "The invoice is not open"
