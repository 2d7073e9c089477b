"""The other side of the money: a bank that keeps its own books, and time that stands still unless it is moved."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from billing_api.payments.processor import AttachedMethod, ChargeOutcome, ChargeResult, NoAnswerError
from billing_api.payments.sandbox import SandboxProcessor
from shared.money import Money

from tests.support.clock import MovableClock


class Fault(StrEnum):
    """What goes wrong with the next charge."""

    LOST_REQUEST = "lost request"
    LOST_ANSWER = "lost answer"


class StillClock(MovableClock):
    """Stands still between two moves, so that what is previewed and what is done happen at one moment."""

    moment = datetime(2027, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move_to(self, moment: datetime) -> None:
        assert moment >= self.moment
        self.moment = moment

    def begin(self, moment: datetime) -> None:
        """Another life: back to any moment."""
        self.moment = moment

    def offset(self) -> timedelta:
        raise NotImplementedError


@dataclass
class Bank:
    """The sandbox processor with books of its own: what it took, by idempotency key."""

    inner: SandboxProcessor
    fault: Fault | None = None
    owners: dict[str, UUID] = field(default_factory=dict)
    took: dict[str, tuple[UUID, int]] = field(default_factory=dict)

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:
        attached = await self.inner.attach(token, account_id=account_id)
        self.owners[attached.reference] = account_id
        return attached

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:
        return await self.inner.find(key=key, method_reference=method_reference)

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        fault, self.fault = self.fault, None
        if fault is Fault.LOST_REQUEST:
            raise NoAnswerError
        result = await self.inner.charge(key=key, method_reference=method_reference, amount=amount)
        if result.outcome is ChargeOutcome.SUCCEEDED:
            took = (self.owners[method_reference], amount.amount)
            assert self.took.setdefault(key, took) == took, "the same key, another charge"
        if fault is Fault.LOST_ANSWER:
            raise NoAnswerError
        return result

    def taken(self, account_id: UUID) -> dict[str, int]:
        """What one account paid, by attempt."""
        return {key.partition(":")[2]: amount for key, (owner, amount) in self.took.items() if owner == account_id}

    def forget(self) -> None:
        """Another life."""
        self.fault = None
        self.owners.clear()
        self.took.clear()
