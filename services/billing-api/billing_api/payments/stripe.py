"""Stripe, through its official library. Speaks `PaymentProcessor`.

An attempt is one PaymentIntent, made and confirmed off session in one request, under the attempt's own idempotency key: asked
again, Stripe gives the first answer. What became of one is looked up in the customer's list, which Stripe keeps up to date at
once (its search does not).

A method's reference is `account:customer:payment method`. Personal data does not go to Stripe: a customer there carries the
account's id only.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from uuid import UUID

import stripe
from pydantic import SecretStr
from shared.db import Database
from shared.logging import get_logger
from shared.money import Money
from sqlalchemy import select

from billing_api.payments.errors import PaymentMethodInvalidError
from billing_api.payments.models import PaymentMethod
from billing_api.payments.processor import AttachedMethod, ChargeResult, NoAnswerError
from billing_api.payments.stripe_intent import Verdict, attached_to, declined_by, read_intent

log = get_logger(__name__)

TIMEOUT_S: Final = 20.0
"""Two of these are over before an attempt's lease is (`payments/request.py`)."""


@dataclass(frozen=True)
class _Reference:
    account: UUID
    customer: str
    method: str

    @classmethod
    def read(cls, reference: str) -> "_Reference":
        account, customer, method = reference.split(":")
        return cls(UUID(account), customer, method)

    def __str__(self) -> str:
        return f"{self.account}:{self.customer}:{self.method}"


class StripeProcessor:
    """Charges cards through Stripe. Close it when done: `async with`.

    Args:
        database: tells which customer an account has.
        api_key: a secret key.
        api_base: Stripe's, or a stand-in's.
        timeout: seconds for one request.
    """

    def __init__(self, database: Database, api_key: SecretStr, api_base: str, *, timeout: float = TIMEOUT_S) -> None:
        self._database = database
        self._http = stripe.HTTPXClient(timeout=timeout)
        # No retries of the library's own: an attempt is asked about before it is asked for again (`payments/attempt.py`).
        self._stripe = stripe.StripeClient(
            api_key.get_secret_value(),
            base_addresses={"api": api_base.rstrip("/")},
            http_client=self._http,
            max_network_retries=0,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call] # the library's own gap

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:
        """Keep a card (`pm_...`) for the account's customer, who is made with the first one."""
        try:
            customer = await self._customer(account_id)
            method = await self._stripe.v1.payment_methods.attach_async(token, {"customer": customer})
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            raise PaymentMethodInvalidError from error
        except stripe.StripeError as error:
            raise _no_answer(error) from error
        card = method.card
        if card is None:
            raise PaymentMethodInvalidError
        return AttachedMethod(str(_Reference(account_id, customer, method.id)), card.brand, card.last4)

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        """Make and confirm the attempt's PaymentIntent."""
        owner = _Reference.read(method_reference)
        invoice, attempt = key.split(":")
        try:
            intent = await self._stripe.v1.payment_intents.create_async(
                {
                    "amount": amount.amount,
                    "currency": amount.currency.lower(),
                    "customer": owner.customer,
                    "payment_method": owner.method,
                    "allowed_payment_method_types": ["card"],
                    "off_session": True,
                    "confirm": True,
                    "metadata": {"account": str(owner.account), "invoice": invoice, "attempt": attempt},
                },
                {"idempotency_key": key},
            )
        except stripe.CardError as error:
            return declined_by(error)
        except stripe.StripeError as error:
            if isinstance(error, stripe.InvalidRequestError) and error.http_status == _NOT_FOUND:
                # The card or its customer is gone at Stripe: nothing was charged, and never will be.
                return declined_by(error)
            raise _no_answer(error) from error
        return await self._decide(intent)

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:
        """Look for the attempt's PaymentIntent among its customer's."""
        customer, (_, attempt) = _Reference.read(method_reference).customer, key.split(":")
        try:
            listed = await self._stripe.v1.payment_intents.list_async({"customer": customer, "limit": 100})
            async for intent in listed.auto_paging_iter():
                if attached_to(intent).get("attempt") == attempt:
                    return await self._decide(intent)
        except stripe.StripeError as error:
            raise _no_answer(error) from error
        return None

    async def _decide(self, intent: stripe.PaymentIntent) -> ChargeResult:
        verdict = read_intent(intent)
        if verdict is Verdict.UNDECIDED:
            raise NoAnswerError
        if verdict is Verdict.WAITS_FOR_ITS_OWNER:
            # Nobody is there to act. Called off, it can't succeed behind our back after it counted as declined.
            try:
                intent = await self._stripe.v1.payment_intents.cancel_async(intent.id)
            except stripe.StripeError as error:
                raise _no_answer(error) from error
            verdict = read_intent(intent)
        if isinstance(verdict, Verdict):
            raise NoAnswerError
        return verdict

    async def _customer(self, account_id: UUID) -> str:
        """The customer whom the account's methods belong to. Two requests at once make one, by the idempotency key."""
        first = select(PaymentMethod.processor_reference).where(PaymentMethod.account_id == account_id)
        async with self._database.transaction() as session:
            known = await session.scalar(first.order_by(PaymentMethod.id).limit(1))
        if known is not None:
            return _Reference.read(known).customer
        customer = await self._stripe.v1.customers.create_async(
            {"metadata": {"account": str(account_id)}}, {"idempotency_key": f"customer:{account_id}"}
        )
        return customer.id


_NOT_FOUND: Final = 404


def _no_answer(error: stripe.StripeError) -> NoAnswerError:
    """Away, too busy, or refused for a reason that says nothing about the card: whatever it is, it is no decline."""
    log.warning("stripe_gave_no_answer", error=type(error).__name__, status=error.http_status, stripe_code=error.code)
    return NoAnswerError()
