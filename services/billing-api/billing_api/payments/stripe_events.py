"""What Stripe says by webhook: signed, perhaps twice, late, or out of order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import stripe
from pydantic import SecretStr
from shared.inbox import first_time
from shared.logging import get_logger
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.base import inbox
from billing_api.payments.errors import SignatureInvalidError
from billing_api.payments.models import AttemptStatus, PaymentAttempt
from billing_api.payments.processor import ChargeOutcome, ChargeResult
from billing_api.payments.settle import settle_attempt
from billing_api.payments.stripe_intent import Verdict, attached_to, read_intent

log = get_logger(__name__)

_TELLING: Final = frozenset({"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"})


@dataclass(frozen=True)
class ChargeEvent:
    """An event about one of our attempts."""

    event_id: str
    account_id: UUID
    invoice_id: UUID
    attempt_id: UUID
    result: ChargeResult


def read_event(payload: bytes, signature: str | None, secret: SecretStr) -> ChargeEvent | None:
    """The event behind a signed body; None: it is about nothing that we wait for.

    Raises:
        SignatureInvalidError: Stripe did not sign it, or did so too long ago.
    """
    try:
        event = stripe.Webhook.construct_event(payload, signature, secret.get_secret_value())
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise SignatureInvalidError from error
    intent = event.data.object
    if event.type not in _TELLING or not isinstance(intent, stripe.PaymentIntent):
        return None
    result = read_intent(intent)
    whose = attached_to(intent)
    if isinstance(result, Verdict) or not {"account", "invoice", "attempt"} <= whose.keys():
        return None
    return ChargeEvent(event.id, UUID(whose["account"]), UUID(whose["invoice"]), UUID(whose["attempt"]), result)


async def take_event(session: AsyncSession, *, event: ChargeEvent, now: datetime) -> None:
    """Settle the attempt as the processor's own answer would; whichever of the two comes second changes nothing.

    An attempt that we do not know is another installation's that shares the Stripe account.
    """
    attempt = await session.get(PaymentAttempt, (event.account_id, event.attempt_id))
    if attempt is None or attempt.invoice_id != event.invoice_id:
        log.info("stripe_event_of_unknown_attempt", event_id=event.event_id, attempt_id=str(event.attempt_id))
        return
    if not await first_time(session, inbox, account_id=event.account_id, key=f"stripe:{event.event_id}", now=now):
        return
    status = await settle_attempt(session, account_id=event.account_id, attempt_id=event.attempt_id, result=event.result, now=now)
    if event.result.outcome is ChargeOutcome.SUCCEEDED and status is AttemptStatus.DECLINED:
        # Somebody paid a declined PaymentIntent by Stripe's own means. People must look at it: no rule says what it paid.
        log.error("stripe_charge_succeeded_after_decline", account_id=str(event.account_id), attempt_id=str(event.attempt_id))
