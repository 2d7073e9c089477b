"""What a PaymentIntent, or Stripe's refusal of one, says of a charge. Asks nobody."""

from enum import Enum, auto

import stripe

from billing_api.payments.processor import ChargeOutcome, ChargeResult

AUTHENTICATION_REQUIRED = "authentication_required"
"""The bank wants its customer there, who is not: an off-session charge is declined then, by Stripe's own name for it."""
_UNNAMED = "card_declined"
_NO_REFERENCE = "none"


class Verdict(Enum):
    """What to think of a PaymentIntent that did not come to an end."""

    UNDECIDED = auto()
    WAITS_FOR_ITS_OWNER = auto()


def read_intent(intent: stripe.PaymentIntent) -> ChargeResult | Verdict:
    """How the charge ended, or why it did not."""
    if intent.status == "succeeded":
        return ChargeResult(ChargeOutcome.SUCCEEDED, intent.id)
    if intent.status == "canceled":
        return ChargeResult(ChargeOutcome.DECLINED, intent.id, _code_of(intent) or AUTHENTICATION_REQUIRED)
    if intent.status == "requires_payment_method":
        return ChargeResult(ChargeOutcome.DECLINED, intent.id, _code_of(intent) or _UNNAMED)
    if intent.status in {"requires_action", "requires_confirmation"}:
        return Verdict.WAITS_FOR_ITS_OWNER
    return Verdict.UNDECIDED


def declined_by(error: stripe.CardError | stripe.InvalidRequestError) -> ChargeResult:
    """A refusal as a decline. Its reference is the PaymentIntent that stays behind, where there is one."""
    named = error.error
    intent = None if named is None else getattr(named, "payment_intent", None)
    decline = None if named is None else getattr(named, "decline_code", None)
    reference = intent.id if intent is not None else error.request_id
    return ChargeResult(ChargeOutcome.DECLINED, reference or _NO_REFERENCE, decline or error.code or _UNNAMED)


def attached_to(intent: stripe.PaymentIntent) -> dict[str, str]:
    """What we wrote on it: account, invoice, attempt. Nothing of that on intents of others."""
    return dict(intent.metadata.to_dict())


def _code_of(intent: stripe.PaymentIntent) -> str | None:
    """Why the last try failed: the bank's own code if it gave one."""
    failure = intent.last_payment_error
    if failure is None:
        return None
    return getattr(failure, "decline_code", None) or getattr(failure, "code", None)
