"""The sandbox processor: decides by the card's token, moves no money, and remembers what it did in its own table."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from shared.clock import Clock
from shared.db import Database
from shared.money import Money
from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.payments.errors import PaymentMethodInvalidError
from billing_api.payments.models import SandboxCharge
from billing_api.payments.processor import AttachedMethod, ChargeOutcome, ChargeResult, NoAnswerError

VISA: Final = "pm_card_visa"
DECLINED: Final = "pm_card_chargeDeclined"
DECLINE_AFTER_FIRST: Final = "pm_card_declineAfterFirst"
OUTAGE: Final = "pm_card_outage"


@dataclass(frozen=True)
class _Card:
    brand: str
    last_four: str


_CARDS: Final = {
    VISA: _Card("visa", "4242"),
    DECLINED: _Card("visa", "0002"),
    DECLINE_AFTER_FIRST: _Card("visa", "0341"),
    OUTAGE: _Card("visa", "0119"),
}


class SandboxProcessor:
    """Speaks `PaymentProcessor`.

    `pm_card_visa` pays; `pm_card_chargeDeclined` never does; `pm_card_declineAfterFirst` pays once for each time it is
    added; with `pm_card_outage` a charge is lost on the way: no answer, and asked later, the processor never got it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:  # noqa: ARG002 - it knows no accounts
        """Keep a card."""
        card = _CARDS.get(token)
        if card is None:
            raise PaymentMethodInvalidError
        return AttachedMethod(f"{token}:{uuid4().hex}", card.brand, card.last_four)

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        """Decide a charge once for each key."""
        token = method_reference.partition(":")[0]
        if token == OUTAGE:
            raise NoAnswerError
        async with self._database.transaction() as session:
            # One charge of a card at a time: "after the first" must be decided in an order.
            await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:card, 0))"), {"card": method_reference})
            known = await session.get(SandboxCharge, key)
            if known is None:
                known = await self._decide(session, key, method_reference, token, amount)
            return _result(known)

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:  # noqa: ARG002 - keys are unique
        """What became of a charge."""
        async with self._database.transaction() as session:
            known = await session.get(SandboxCharge, key)
            return None if known is None else _result(known)

    async def _decide(self, session: AsyncSession, key: str, method_reference: str, token: str, amount: Money) -> SandboxCharge:
        declined = token == DECLINED
        if token == DECLINE_AFTER_FIRST:
            paid = (SandboxCharge.method_reference == method_reference) & (SandboxCharge.outcome == ChargeOutcome.SUCCEEDED)
            declined = bool(await session.scalar(select(exists().where(paid))))
        charge = SandboxCharge(
            idempotency_key=key,
            method_reference=method_reference,
            amount=amount.amount,
            currency=amount.currency,
            outcome=ChargeOutcome.DECLINED if declined else ChargeOutcome.SUCCEEDED,
            reference=f"sandbox_{uuid4().hex}",
            decline_code="card_declined" if declined else None,
            created_at=self._clock.now(),
        )
        session.add(charge)
        await session.flush()
        return charge


def _result(charge: SandboxCharge) -> ChargeResult:
    return ChargeResult(ChargeOutcome(charge.outcome), charge.reference, charge.decline_code)
