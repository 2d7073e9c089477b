"""Refusals around webhooks."""

from http import HTTPStatus

from shared.errors import AppError, FieldError


class WebhookUrlInvalidError(FieldError):
    """The address can't be, or must not be, sent to."""

    code = "webhook_url_invalid"
    title = "The webhook's URL can't be used"

    def __init__(self, message: str = "Give an https URL of a public server.") -> None:
        super().__init__("url", message)


class WebhookLimitReachedError(AppError):
    """A project has as many endpoints as it may have."""

    status = HTTPStatus.CONFLICT
    code = "webhook_limit_reached"
    title = "The project has as many webhooks as it may have"


class WebhookDisabledError(AppError):
    """Nothing is sent to an endpoint that is switched off."""

    status = HTTPStatus.CONFLICT
    code = "webhook_disabled"
    title = "The webhook is switched off"
