"""What billing asks of a payment processor. `sandbox.py` and `stripe.py` answer to it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from shared.money import Money


class ChargeOutcome(StrEnum):
    """How a charge ended."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"


@dataclass(frozen=True)
class ChargeResult:
    """A charge that the processor has decided on. `reference` is its own id of it."""

    outcome: ChargeOutcome
    reference: str
    decline_code: str | None = None


@dataclass(frozen=True)
class AttachedMethod:
    """A payment method as the processor keeps it; `reference` is what charges name."""

    reference: str
    brand: str
    last_four: str


class NoAnswerError(Exception):
    """The processor did not answer: what was asked may or may not have been done."""


class PaymentProcessor(Protocol):
    """Charges cards. Never called inside a database transaction."""

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:
        """Keep a payment method of an account's for later charges.

        Raises:
            PaymentMethodInvalidError: the token is not known.
            NoAnswerError: no answer.
        """
        ...

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        """Charge once: asked again with the same key, it gives the first result.

        Raises:
            NoAnswerError: no answer.
        """
        ...

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:
        """What became of the charge of a method with this key; None: no such request ever came.

        Raises:
            NoAnswerError: no answer.
        """
        ...
