"""What can be wrong with a subscription and its changes."""

from collections.abc import Sequence
from http import HTTPStatus
from types import MappingProxyType

from shared.errors import AppError


class PlanUnchangedError(AppError):
    """The account is on this plan."""

    status = HTTPStatus.CONFLICT
    code = "plan_unchanged"
    title = "The subscription is on this plan already"


class ChangeInProgressError(AppError):
    """The payment of another change is under way."""

    status = HTTPStatus.CONFLICT
    code = "change_in_progress"
    title = "The payment of a plan change is under way"

    def __init__(self) -> None:
        super().__init__("Another request is changing the plan right now.", headers={"Retry-After": "2"})


class OpenInvoiceError(AppError):
    """The running period is not paid (`rules.md` B5)."""

    status = HTTPStatus.CONFLICT
    code = "open_invoice"
    title = "The running period's invoice is not paid"


class LimitsExceededError(AppError):
    """The account uses more than the plan allows (`rules.md` B7). `exceeded` names each limit."""

    status = HTTPStatus.CONFLICT
    code = "limits_exceeded"
    title = "The account uses more than this plan allows"
    shown = MappingProxyType({"exceeded": [{"limit": "projects", "used": 8, "allowed": 3}]})

    def __init__(self, exceeded: Sequence[tuple[str, int, int]]) -> None:
        sentences = ", ".join(f"{limit}: {used} used, {allowed} allowed" for limit, used, allowed in exceeded)
        named = [{"limit": limit, "used": used, "allowed": allowed} for limit, used, allowed in exceeded]
        super().__init__(f"Reduce first: {sentences}.", extensions={"exceeded": named})


class NothingToCancelError(AppError):
    """The free plan has no subscription to cancel."""

    status = HTTPStatus.CONFLICT
    code = "not_subscribed"
    title = "There is no paid subscription"


class SubscriptionExpiredError(AppError):
    """What was cancelled has ended since (`rules.md` B9)."""

    status = HTTPStatus.CONFLICT
    code = "subscription_expired"
    title = "The subscription has ended and can't be resumed; subscribe anew"
